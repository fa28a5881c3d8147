//! Readers, a browser and engines that are not ours, from Debian's packages; only what is missing is installed.

use std::process::Command;

use anyhow::Result;
use engines::Engine;

use crate::commands::{succeeds, works};

/// A program the tests call, the package that brings it, and what the tests do with it.
struct Tool {
    name: &'static str,
    package: &'static str,
    purpose: &'static str,
    is_there: fn() -> bool,
}

const TOOLS: [Tool; 17] = [
    Tool {
        name: "unzip",
        package: "unzip",
        purpose: "reads archives",
        is_there: || works(Command::new("unzip").arg("-v")),
    },
    Tool {
        name: "7z",
        package: "p7zip-full",
        purpose: "reads archives",
        is_there: || works(Command::new("7z").arg("i")),
    },
    Tool {
        name: "bsdtar",
        package: "libarchive-tools",
        purpose: "reads archives",
        is_there: || works(Command::new("bsdtar").arg("--version")),
    },
    Tool {
        name: "java",
        package: "default-jdk-headless",
        purpose: "reads archives with ZipInputStream, and runs DynamoDB Local",
        is_there: java,
    },
    Tool {
        name: "curl",
        package: "curl",
        purpose: "goes through docs/first-export.md",
        is_there: || works(Command::new("curl").arg("--version")),
    },
    Tool {
        name: "unshare",
        package: "util-linux",
        purpose: "fills a disk of its own",
        is_there: || works(Command::new("unshare").arg("--version")),
    },
    Tool {
        name: "zstd",
        package: "zstd",
        purpose: "packs and unpacks messages",
        is_there: || works(Command::new("zstd").arg("--version")),
    },
    Tool {
        name: PYTHON,
        package: "python3-venv",
        purpose: "reads exports and letters, takes letters over, moves the browser, and looks through deploy/",
        is_there: venv,
    },
    Tool {
        name: "chromium",
        package: "chromium",
        purpose: "shows the page",
        is_there: || works(Command::new("chromium").arg("--version")),
    },
    Tool {
        name: "chromedriver",
        package: "chromium-driver",
        purpose: "moves Chromium",
        is_there: || works(Command::new("chromedriver").arg("--version")),
    },
    Tool {
        name: REDIS,
        package: "redis-server",
        purpose: "is a real queue, to be killed, emptied and filled",
        is_there: || Engine::Redis.is_installed(),
    },
    Tool {
        name: POSTGRES,
        package: "postgresql",
        purpose: "is a real directory and catalog; 15 or newer",
        is_there: || Engine::Postgres.is_installed(),
    },
    Tool {
        name: "openssl",
        package: "openssl",
        purpose: "signs certificates for the engines",
        is_there: || works(Command::new("openssl").arg("version")),
    },
    Tool {
        name: "qemu-x86_64",
        package: "qemu-user",
        purpose: "is a processor without SIMD beyond SSE2",
        is_there: || works(Command::new("qemu-x86_64").arg("--version")),
    },
    Tool {
        name: NPM,
        package: "npm",
        purpose: "brings DynamoDB Local and the icons of the pictures",
        is_there: || works(Command::new("npm").arg("--version")),
    },
    Tool {
        name: "faketime",
        package: "faketime",
        purpose: "gives workers wrong clocks",
        is_there: || works(Command::new("faketime").arg("--version")),
    },
    Tool {
        name: RENDERER,
        package: "librsvg2-bin",
        purpose: "makes PNGs of the pictures",
        is_there: || works(Command::new(RENDERER).arg("--version")),
    },
];

/// What `cargo xtask services` starts from Debian's packages, and needs for the rest.
pub const REDIS: &str = "redis-server";
pub const POSTGRES: &str = "postgres";
pub const OF_SERVICES: [&str; 3] = [REDIS, POSTGRES, PYTHON];
pub const PYTHON: &str = "python3";
pub const NPM: &str = "npm";
pub const RENDERER: &str = "rsvg-convert";

/// A run-time without the compiler cannot start a source file.
fn java() -> bool {
    let modules = Command::new("java").arg("--list-modules").output();
    modules.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("jdk.compiler"))
}

/// Debian splits `ensurepip` off, without which `venv` makes no environment.
fn venv() -> bool {
    works(Command::new("python3").args(["-c", "import venv, ensurepip"]))
}

/// What is there after all was done to get it.
pub struct Tools(Vec<&'static str>);

impl Tools {
    /// Looks for every tool, installs the missing ones where that is possible without a question, and looks again.
    pub fn provide(missing: &mut Vec<String>) -> Result<Self> {
        Self::provide_some(|_| true, missing)
    }

    /// The same for the tools of these names.
    pub fn provide_only(names: &[&str], missing: &mut Vec<String>) -> Result<Self> {
        Self::provide_some(|name| names.contains(&name), missing)
    }

    fn provide_some(is_wanted: impl Fn(&str) -> bool, missing: &mut Vec<String>) -> Result<Self> {
        let wanted = TOOLS.iter().filter(|tool| is_wanted(tool.name));
        let (mut there, lacking): (Vec<_>, Vec<_>) = wanted.partition(|tool| (tool.is_there)());
        if !lacking.is_empty() {
            let packages: Vec<_> = lacking.iter().map(|tool| tool.package).collect();
            println!("xtask: installing {}", packages.join(", "));
            if let Err(error) = install(&packages) {
                println!("xtask: not installed: {error:#}");
            }
            let (came, absent): (Vec<_>, Vec<_>) = lacking.into_iter().partition(|tool| (tool.is_there)());
            there.extend(came);
            missing.extend(
                absent.iter().map(|tool| format!("{} (package {}), which {}", tool.name, tool.package, tool.purpose)),
            );
        }
        Ok(Self(there.into_iter().map(|tool| tool.name).collect()))
    }

    /// The names, joined by commas.
    pub fn available(&self) -> String {
        self.0.join(",")
    }

    /// Whether one is there.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }
}

/// Runs `apt-get "$@"`. Packages of servers start them when they are installed, unless a policy forbids it (Debian policy 9.3.3, and
/// `invoke-rc.d` for its exit code 101): the tests start their own, and nothing else is to listen. A policy that is there stays.
const APT_GET: &str = r#"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
DEBIAN_FRONTEND=noninteractive apt-get "$@"
"#;

fn install(packages: &[&str]) -> Result<()> {
    let prefix = privileges()?;
    let apt = |arguments: &[&str]| {
        let mut words = prefix.iter().copied().chain(["sh", "-c", APT_GET, "sh"]);
        let mut command = Command::new(words.next().unwrap_or("sh"));
        command.args(words).args(arguments).stdin(std::process::Stdio::null());
        command
    };
    let install = [&["install", "--yes", "--no-install-recommends"], packages].concat();
    // A new machine has no package lists yet, an old one outdated ones.
    succeeds(&mut apt(&["update"]))
        .and_then(|()| succeeds(&mut apt(&install)))
        .or_else(|_| succeeds(&mut apt(&install)))
}

/// What to put before `apt-get`: nothing for root, else `sudo` if it asks no password.
fn privileges() -> Result<&'static [&'static str]> {
    anyhow::ensure!(works(Command::new("apt-get").arg("--version")), "this system has no apt-get");
    let user = Command::new("id").arg("-u").output()?;
    if user.stdout.trim_ascii() == b"0" {
        return Ok(&[]);
    }
    anyhow::ensure!(
        works(Command::new("sudo").args(["-n", "true"])),
        "apt-get needs root, and sudo would ask for a password"
    );
    Ok(&["sudo", "-n"])
}
