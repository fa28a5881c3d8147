//! The page behind a letter's link: the files of `web/`, inside the program, under a policy that lets nothing else run.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::problem::Problem;

/// Its own files and its own API, and nothing written into the page itself.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                          form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// A file of the page.
struct File {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

macro_rules! files {
    ($($name:literal: $media_type:literal,)*) => {
        [$(File {
            name: $name,
            media_type: $media_type,
            bytes: include_bytes!(concat!("../../../web/", $name)),
        }),*]
    };
}

const INDEX: &str = "index.html";
static FILES: [File; 8] = files! {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "main.js": "text/javascript; charset=utf-8",
    "dom.js": "text/javascript; charset=utf-8",
    "export.js": "text/javascript; charset=utf-8",
    "session.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
};

/// A hash of all files: they belong together, so one that changed makes a browser ask for each of them again.
static TAG: LazyLock<HeaderValue> = LazyLock::new(|| {
    let all: Vec<u8> = FILES.iter().flat_map(|file| digest(&SHA256, file.bytes).as_ref().to_vec()).collect();
    let hash = digest(&SHA256, &all);
    let hex: String = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("\"{hex}\"")).expect("hex digits in quotes are a header's value")
});

/// The routes of this module; they are for people and stand in no document.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::default().route("/", get(index)).route("/web/{file}", get(file))
}

async fn index(headers: HeaderMap) -> Response {
    answer(INDEX, &headers)
}

async fn file(uri: Uri, headers: HeaderMap) -> Response {
    // As it came: no name here needs an escape.
    let name = uri.path().strip_prefix("/web/").unwrap_or_default();
    // The page itself lies at the root alone, where its relative links lead somewhere.
    if name == INDEX { Problem::not_found().into_response() } else { answer(name, &headers) }
}

fn answer(name: &str, asked: &HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return Problem::not_found().into_response();
    };
    let policy = (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Kept, but asked about before each use: the names stay the same from version to version.
    let caching = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let headers = [
        policy,
        caching,
        (header::ETAG, TAG.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    if is_known(asked) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    ([(header::CONTENT_TYPE, file.media_type)], headers, file.bytes).into_response()
}

/// Whether the browser has this version (RFC 9110 section 13.1.2, compared weakly).
fn is_known(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == "*" || TAG.as_bytes() == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_comes_with_its_policy() {
        let answer = answer(INDEX, &HeaderMap::new());
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(answer.headers()[header::REFERRER_POLICY], "no-referrer");
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        let status = |tag: &str| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap())]);
            answer("main.js", &headers).status()
        };
        let tag = TAG.to_str().unwrap();
        for known in [tag.to_owned(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            assert_eq!(status(&known), StatusCode::NOT_MODIFIED, "{known}");
        }
        assert_eq!(status("\"x\""), StatusCode::OK);
    }

    #[tokio::test]
    async fn other_names_are_not_found() {
        for name in ["", "x", "../Cargo.toml", "index.html/"] {
            assert_eq!(answer(name, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{name}");
        }
        assert_eq!(file(Uri::from_static("/web/main.js"), HeaderMap::new()).await.status(), StatusCode::OK);
        assert_eq!(file(Uri::from_static("/web/index.html"), HeaderMap::new()).await.status(), StatusCode::NOT_FOUND);
    }

    /// The policy would forbid it, so that it would do nothing.
    #[test]
    fn nothing_is_written_into_the_page() {
        for file in &FILES {
            let text = std::str::from_utf8(file.bytes).unwrap();
            for forbidden in
                ["<style", " style=", "javascript:", "innerHTML", "localStorage", "document.cookie", "eval("]
            {
                assert!(!text.contains(forbidden), "{forbidden} in {}", file.name);
            }
            assert!(text.matches("<script").count() == text.matches("<script type=\"module\" src=").count());
        }
    }

    /// What a file names is there.
    #[test]
    fn every_file_is_served() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
        let mut there: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let mut served: Vec<_> = FILES.iter().map(|file| file.name.to_owned()).collect();
        there.sort();
        served.sort();
        assert_eq!(served, there);
    }
}
