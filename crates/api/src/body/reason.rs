//! Which field was wrong and why, without repeating what was sent: it may be a password.

use serde_path_to_error::Error;

use crate::problem::FieldError;

/// The field and the reason of an error of serde.
pub(super) fn of(error: &Error<serde_json::Error>) -> FieldError {
    let message = error.inner().to_string();
    let path = error.path().to_string();
    let inside = |name: &str| if path == "." { name.to_owned() } else { format!("{path}.{name}") };
    if let Some(name) = quoted(&message, "missing field `") {
        return FieldError::new(inside(name), "is missing");
    }
    if let Some(name) = quoted(&message, "unknown field `") {
        // The path already ends in the unknown name.
        let field = if path == "." || !path.ends_with(name) { inside(name) } else { path };
        return FieldError::new(field, "is not known here");
    }
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| format!("must be {expected}"));
    FieldError::new(
        if path == "." { "body".to_owned() } else { path },
        expected.unwrap_or("is not possible".to_owned()),
    )
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.split_once('`').map(|(name, _)| name)
}
