//! What every adapter must do; it runs the suites by [`jobs_contract!`](crate::jobs_contract) and
//! [`directory_contract!`](crate::directory_contract).

pub mod directory;
pub mod jobs;

/// Makes a test of each named check of a module, over what `$make` gives (`await` is possible in it).
#[macro_export]
macro_rules! contract_tests {
    ($name:ident, $module:path, $make:expr; $($check:ident)*) => {
        mod $name {
            use super::*;

            $(#[tokio::test]
            async fn $check() {
                use $module as contract;
                contract::$check($make).await.expect("the store answers");
            })*
        }
    };
}
