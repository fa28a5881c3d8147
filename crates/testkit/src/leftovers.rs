//! What must not be left when a test is over: leases, steps to do, pins, temporary files, objects of nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use artifacts::{ObjectName, Prefix};
use domain::export::{Export, Slot, State};
use domain::ids::ExportId;
use stores::{Jobs, SegmentProgress};

use crate::{DEADLINE, System, crew};

impl System {
    /// After a sweep: every export is at its end with nothing leased or due, nothing is pinned, and no file lies around
    /// that no export owns.
    ///
    /// Dropping a system that nobody looked through like this fails the test.
    pub async fn assert_nothing_left(&self) {
        self.looked_through.store(true, Ordering::SeqCst);
        self.sweep().await;
        let exports = self.all_exports().await;
        let mut left = Vec::new();
        for export in exports.values() {
            left.extend(steps_left(export));
            left.extend(self.segments_held(export).await);
            left.extend(self.wrong_objects(export).await);
        }
        let due = self.jobs.due(u32::MAX).await.expect("the job store answers");
        left.extend(due.owners.iter().map(|owner| format!("something of {owner} is due")));
        let mut pins = self.lake.pins().await.expect("the lake answers");
        pins.retain(|pin| !exports.get(&pin.export).is_some_and(Export::can_be_retried));
        left.extend(pins.iter().map(|pin| format!("{} holds snapshot {}", pin.export, pin.snapshot_id)));
        left.extend(self.objects_of_nobody(&exports).await);
        left.extend(temporary_files(&self.folder()));
        let checked = self.lake.check().await.expect("the lake answers");
        left.extend(checked.problems.iter().map(|problem| format!("{}: {}", problem.place, problem.what)));
        left.extend(checked.orphans);
        assert!(left.is_empty(), "left over: {left:#?}\n{:#?}", self.jobs.events());
    }

    /// Clears up after workers that were killed, as those that live do now and then.
    async fn sweep(&self) {
        crew::one(self, &Arc::default()).await.clear_after_the_dead().await;
        let sweep = async {
            // A killed worker's threads may still be on their way out of what they did.
            while self.lake.sweep().await.expect("the lake answers").live > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, sweep).await.expect("no ingest or worker is at work any more");
    }

    async fn all_exports(&self) -> BTreeMap<ExportId, Export> {
        let owners = self.owners.lock().expect("no panic while the owners are held").clone();
        let mut exports = BTreeMap::new();
        for owner in owners {
            let all = self.jobs.list(&owner, None, u32::MAX).await.expect("the job store answers");
            exports.extend(all.into_iter().map(|export| (export.id, export)));
        }
        exports
    }

    async fn segments_held(&self, export: &Export) -> Vec<String> {
        let segments = self.jobs.segments(&export.owner, export.id, 0, u32::MAX).await.expect("the job store answers");
        let held = segments.iter().filter(|segment| segment.progress == SegmentProgress::Held);
        held.map(|segment| format!("{}: segment {} is leased", export.id, segment.number)).collect()
    }

    /// An export that succeeded has its files and its plan, any other none.
    async fn wrong_objects(&self, export: &Export) -> Option<String> {
        let files = self.objects(&Prefix::ArchivesOf(export.owner.clone(), export.id)).await;
        let has_plan = self.path_of(&ObjectName::plan(&export.owner, export.id)).exists();
        let is_right = match &export.state {
            State::Succeeded { files: offered, .. } => has_plan && files.len() >= offered.len() && !offered.is_empty(),
            // What a retry needs is kept for it.
            State::Failed { .. } if export.can_be_retried() => has_plan && files.is_empty(),
            _ => !has_plan && files.is_empty(),
        };
        let state = export.state.name();
        (!is_right).then(|| format!("{} is {state} and has {} files, plan: {has_plan}", export.id, files.len()))
    }

    async fn objects_of_nobody(&self, exports: &BTreeMap<ExportId, Export>) -> Vec<String> {
        let mut left = Vec::new();
        for prefix in [Prefix::Archives, Prefix::Plans] {
            for object in self.objects(&prefix).await {
                if let ObjectName::Archive(_, id, _) | ObjectName::Plan(_, id) = &object
                    && !exports.contains_key(id)
                {
                    left.push(object.to_string());
                }
            }
        }
        let (mut parts, mut records) = (BTreeSet::new(), BTreeSet::new());
        for object in self.objects(&Prefix::Parts).await {
            match object {
                ObjectName::Part(name) => parts.insert(name),
                ObjectName::PartSummary(name) => records.insert(name),
                other => panic!("{other} lies among the parts"),
            };
        }
        // What a worker was building when it died stays half done where its export then ended otherwise: until parts go by
        // age, or the same part is wanted again.
        let ends_well = |export: &Export| matches!(export.state, State::Succeeded { .. } | State::Expired { .. });
        if !self.some_were_killed.load(Ordering::SeqCst) || exports.values().all(ends_well) {
            left.extend(parts.difference(&records).map(|name| format!("a part without its record: {}", name.key)));
            left.extend(records.difference(&parts).map(|name| format!("a record without its part: {}", name.key)));
        }
        left
    }
}

fn steps_left(export: &Export) -> Option<String> {
    let is_over = match &export.state {
        State::Queued | State::Running(_) => false,
        State::Succeeded { notify, expire, .. } => notify.is_none() && matches!(expire, Slot::Ready(_)),
        State::Failed { notify, removal, .. } => notify.is_none() && (removal.is_none() || export.can_be_retried()),
        State::Cancelled { removal, .. } => removal.is_none(),
        State::Expired { .. } => true,
    };
    (!is_over).then(|| format!("{}: {:?}", export.id, export.state))
}

/// What lies in the folders for unfinished work, beside the locks of those that live.
fn temporary_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for folder in [folder.join("staging"), folder.join("artifacts/tmp")] {
        walk(&folder, &mut found);
    }
    found
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a folder's entry").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.file_name().is_none_or(|name| name != "lock") {
            found.push(path.display().to_string());
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let is_fine = self.looked_through.load(Ordering::SeqCst) || std::thread::panicking();
        assert!(is_fine, "a test ends with assert_nothing_left");
    }
}
