//! `GET /livez`: whether the process answers.

/// Says that the process answers; nothing else is asked.
#[utoipa::path(get, path = "/livez", operation_id = "livez", tag = "operations", security(()),
    responses((status = 200, description = "The process answers", body = String, content_type = "text/plain", example = "ok\n")))]
pub(crate) async fn livez() -> &'static str {
    "ok\n"
}
