//! What the SDK says of its own tries: nothing, since it makes one and the tries are ours.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Takes out the headers that would name each try a call of its own, the first of one. They are not signed.
#[derive(Debug)]
pub struct NoTryNumbers;

impl Intercept for NoTryNumbers {
    fn name(&self) -> &'static str {
        "NoTryNumbers"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        headers.remove("amz-sdk-invocation-id");
        headers.remove("amz-sdk-request");
        Ok(())
    }
}
