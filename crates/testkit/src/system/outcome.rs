//! What came of exports: files, failures, objects.

use std::collections::BTreeMap;

use artifacts::{Artifacts, ObjectName, Prefix};
use domain::export::{Export, Failure, State};

use crate::System;

/// Greatest object that is read whole (bytes).
const OBJECT_LIMIT_BYTES: u64 = 1 << 30;

impl System {
    /// The files of an export that can be fetched, by name.
    pub async fn archive(&self, export: &Export) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for object in self.objects(&Prefix::ArchivesOf(export.owner.clone(), export.id)).await {
            let ObjectName::Archive(_, _, name) = &object else { panic!("{object} is no archive") };
            files.insert(name.to_string(), self.read(&object).await);
        }
        files
    }

    /// The files of an export that must have succeeded.
    pub async fn archive_of_success(&self, export: &Export) -> BTreeMap<String, Vec<u8>> {
        let export = self.get(export).await;
        assert!(matches!(export.state, State::Succeeded { .. }), "{:?}", export.state);
        self.archive(&export).await
    }

    /// Why an export failed; it must have.
    pub async fn failure(&self, export: &Export) -> Failure {
        match self.get(export).await.state {
            State::Failed { failure, .. } => failure,
            other => panic!("the export did not fail: {other:?}"),
        }
    }

    /// All objects of a prefix.
    pub async fn objects(&self, prefix: &Prefix) -> Vec<ObjectName> {
        self.artifacts.list(prefix, None, usize::MAX).await.expect("the artifacts answer")
    }

    /// An object, whole.
    pub async fn read(&self, object: &ObjectName) -> Vec<u8> {
        let bytes = self.artifacts.read_whole(object, OBJECT_LIMIT_BYTES).await.expect("the artifacts answer");
        bytes.expect("the object is there").to_vec()
    }
}
