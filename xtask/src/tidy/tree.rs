//! The text files of the checkout, held in memory so that every check is a function of them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::source::Source;

/// One text file; `path` is relative to the root, with `/`.
pub struct File {
    pub path: String,
    pub text: String,
    /// What a Rust file holds beside text.
    pub source: Option<Source>,
}

/// All text files that git knows or would take.
pub struct Tree {
    files: Vec<File>,
    names: Vec<String>,
}

impl Tree {
    /// Reads what git lists below `root`; files that are not UTF-8 count by name only.
    pub fn read(root: &Path) -> Result<Self> {
        let list = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(root)
            .output()
            .context("git lists the files of the checkout")?;
        ensure!(list.status.success(), "git ls-files: {}", String::from_utf8_lossy(&list.stderr));
        let names = String::from_utf8(list.stdout).context("file names are UTF-8")?;
        let mut files = Vec::new();
        for name in names.split_terminator('\0') {
            // A file that is deleted but not yet committed is no longer there.
            if let Ok(bytes) = std::fs::read(root.join(name)) {
                files.push((name.to_owned(), bytes));
            }
        }
        Ok(Self::of(files.into_iter().map(|(name, bytes)| (name, String::from_utf8(bytes).ok()))))
    }

    /// A tree of these paths and texts.
    pub fn of(entries: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        let (mut files, mut names) = (Vec::new(), Vec::new());
        for (path, text) in entries {
            names.push(path.clone());
            if let Some(text) = text {
                let source = path.ends_with(".rs").then(|| Source::new(&path, &text));
                files.push(File { path, text, source });
            }
        }
        mark_test_modules(&mut files);
        Self { files, names }
    }

    /// All text files.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The file with this path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// All Rust files.
    pub fn rust(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.files.iter().filter_map(|file| Some((file, file.source.as_ref()?)))
    }

    /// Whether there is a file or a folder with this path.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.names
            .iter()
            .any(|name| name.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// Whether some file's path ends with these parts.
    pub fn has_end(&self, parts: &str) -> bool {
        let is_end = |rest: &str| rest.is_empty() || rest.ends_with('/');
        self.names.iter().any(|path| path.strip_suffix(parts).is_some_and(is_end))
    }

    /// The manifests of the workspace's crates with the crates' names, which are those of their folders.
    pub fn crates(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().filter_map(|file| {
            let folder = file.path.strip_suffix("/Cargo.toml")?;
            let name = folder.strip_prefix("crates/").unwrap_or(folder);
            (!name.contains('/')).then_some((name, file))
        })
    }
}

/// A file that its parent declares behind `#[cfg(test)]` is a test, and so is everything below it.
fn mark_test_modules(files: &mut [File]) {
    let mut modules = Vec::new();
    for file in files.iter() {
        let Some(source) = &file.source else { continue };
        let is_root = ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| file.path.ends_with(&format!("/{name}")));
        let folder =
            if is_root { file.path.rsplit_once('/').map(|(folder, _)| folder) } else { file.path.strip_suffix(".rs") };
        let names = source.test_modules();
        modules.extend(names.iter().filter_map(|name| Some(format!("{}/{name}", folder?))));
    }
    for file in files {
        let is_test = |module: &String| {
            let rest = file.path.strip_prefix(module.as_str());
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        if let Some(source) = file.source.as_mut().filter(|_| modules.iter().any(is_test)) {
            source.become_test();
        }
    }
}
