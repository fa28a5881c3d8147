//! Enums whose values have one name each, in requests, files and stores alike.

/// Declares such an enum with `NAMES`, `name` and `FromStr`; behind `else` stands what an unknown text is answered with.
macro_rules! names {
    (
        $(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $value:literal,)* }
        else |$text:ident| -> $error:ty $refuse:block
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// All names.
            pub const NAMES: &'static [&'static str] = &[$($value),*];

            /// The name in requests, files and stores.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $value,)* }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $error;

            fn from_str($text: &str) -> Result<Self, $error> {
                match $text {
                    $($value => Ok(Self::$variant),)*
                    _ => Err($refuse),
                }
            }
        }
    };
}

pub(crate) use names;
