//! What the SDK says of its own tries: nothing, since it makes one and the tries are ours.

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;

/// Takes out the headers that would name each try a call of its own, the first of one. They are not signed.
#[derive(Debug)]
pub(super) struct NoTryNumbers;

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
