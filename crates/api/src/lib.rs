//! The service over HTTP: one endpoint per file, who may ask, problem documents, the OpenAPI document.
