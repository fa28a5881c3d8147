//! What machines and readers of documentation ask.

use axum::http::{Method, StatusCode};

use crate::support::World;

#[tokio::test]
async fn alive_ready_and_counted() {
    let world = World::new().await;
    for path in ["/livez", "/readyz"] {
        let answer = world.call(Method::GET, path, None).await;
        assert_eq!((answer.status, answer.body.as_ref()), (StatusCode::OK, b"ok\n".as_slice()));
    }
    world.call(Method::GET, "/v1/organisations/secret-name/members?token=x", None).await;
    world.call(Method::GET, "/nothing/secret-name", None).await;
    let text = String::from_utf8(world.call(Method::GET, "/metrics", None).await.body.to_vec()).unwrap();
    let counted = r#"outhaul_requests_total{method="GET",path="/v1/organisations/{org}/members",status="401"} 1"#;
    assert!(text.contains(counted), "{text}");
    assert!(text.contains(r#"outhaul_requests_total{method="GET",path="unmatched",status="404"} 1"#), "{text}");
    assert!(text.contains(r#"outhaul_exports{state="running"} 0"#) && text.ends_with("# EOF\n"), "{text}");
    assert!(!text.contains("secret-name"), "{text}");
}

#[tokio::test]
async fn documentation_without_any_other_server() {
    let world = World::new().await;
    let answer = world.call(Method::GET, "/docs", None).await;
    assert_eq!(answer.header("location"), Some("/docs/"));
    let page = world.call(Method::GET, "/docs/", None).await;
    assert_eq!(page.header("content-type"), Some("text/html"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("http"), "{policy}");
    let text = String::from_utf8_lossy(&page.body).into_owned();
    let mut files = 0;
    for quoted in text.split('"').filter(|quoted| quoted.starts_with("./") || quoted.ends_with(".css")) {
        let answer = world.call(Method::GET, &format!("/docs/{}", quoted.trim_start_matches("./")), None).await;
        assert_eq!(answer.status, StatusCode::OK, "{quoted}");
        files += 1;
    }
    assert!(files >= 4 && !text.contains("https://") && !text.contains("<script>"), "{text}");
    let start = world.call(Method::GET, "/docs/swagger-initializer.js", None).await;
    assert!(String::from_utf8_lossy(&start.body).contains("/openapi.json"));
    world.call(Method::GET, "/docs/nothing.js", None).await.is_problem(404, "not_found");
    world.call(Method::GET, "/docs/..%2fCargo.toml", None).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn the_served_document_is_the_committed_one() {
    let world = World::new().await;
    let served = world.call(Method::GET, "/openapi.json", None).await.json();
    assert_eq!(served, serde_json::to_value(api::openapi()).unwrap());
}
