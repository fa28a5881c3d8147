//! What the server says of itself, by `INFO`.

use std::collections::HashMap;

use domain::finding::{Finding, Verdict};

/// Older ones lack users (ACL) and waits of parts of a second.
const OLDEST: u32 = 6;
/// What it is tested with.
const TESTED: u32 = 7;

/// Lines of the form `name:value`.
pub(super) struct Info<'a>(HashMap<&'a str, &'a str>);

impl<'a> Info<'a> {
    pub fn read(text: &'a str) -> Self {
        Self(text.lines().filter_map(|line| line.trim_end().split_once(':')).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).copied().unwrap_or("")
    }

    pub fn findings(&self) -> Vec<Finding> {
        vec![self.version(), self.kind(), self.eviction()]
    }

    fn version(&self) -> Finding {
        // Valkey says in `redis_version` which Redis it goes back to.
        let version = self.get("redis_version");
        let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
        let (verdict, advice) = match major {
            0..OLDEST => (Verdict::Fail, ", must be 7 or newer"),
            OLDEST..TESTED => (Verdict::Warn, ", never tried; 7 or newer is"),
            _ => (Verdict::Ok, ""),
        };
        let valkey = self.get("valkey_version");
        let name = if valkey.is_empty() { version.to_owned() } else { format!("Valkey {valkey}, as Redis {version}") };
        Finding { what: "redis version", verdict, text: format!("{name}{advice}") }
    }

    fn kind(&self) -> Finding {
        let (verdict, text) = match (self.get("redis_mode"), self.get("role")) {
            ("cluster", _) => {
                (Verdict::Fail, "a cluster, which is not supported: keys of one call lie on several nodes")
            }
            ("sentinel", _) => (Verdict::Fail, "a sentinel, which holds no data: give the address of the primary"),
            (_, "slave") => (Verdict::Fail, "a replica, which takes no writes: give the address of the primary"),
            _ => (Verdict::Ok, "a primary of its own"),
        };
        Finding { what: "redis kind", verdict, text: text.to_owned() }
    }

    fn eviction(&self) -> Finding {
        const WHAT: &str = "redis memory";
        let (policy, limit) = (self.get("maxmemory_policy"), self.get("maxmemory"));
        match (policy, limit) {
            ("noeviction", "0") => Finding::ok(WHAT, "no limit; noeviction"),
            ("noeviction", _) => {
                let used = self.get("used_memory_human");
                Finding::ok(WHAT, format!("{used} of {}; noeviction", self.get("maxmemory_human")))
            }
            _ => {
                let text = format!(
                    "maxmemory-policy is {policy}: when memory is short, wakes and counted sign-ins are thrown away \
                     in silence; set noeviction"
                );
                Finding::warn(WHAT, text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: [(Verdict, &str); 3]) {
        let found = Info::read(text).findings();
        for (found, (verdict, words)) in found.iter().zip(expected) {
            assert!(found.verdict == verdict && found.text.contains(words), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_servers_say() {
        use Verdict::{Fail, Ok, Warn};
        check(
            "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n",
            [(Ok, "7.0.15"), (Ok, "primary"), (Ok, "no limit")],
        );
        check(
            "redis_version:7.2.4\nvalkey_version:8.1.1\nredis_mode:cluster\nmaxmemory:9\nmaxmemory_policy:allkeys-lru\n",
            [(Ok, "Valkey 8.1.1"), (Fail, "cluster"), (Warn, "allkeys-lru")],
        );
        check(
            "redis_version:6.2.1\nrole:slave\nmaxmemory:9\nmaxmemory_human:9B\nused_memory_human:8B\nmaxmemory_policy:noeviction",
            [(Warn, "never tried"), (Fail, "replica"), (Ok, "8B of 9B")],
        );
        check("redis_version:5.0.9\n", [(Fail, "7 or newer"), (Ok, ""), (Warn, "")]);
        check("", [(Fail, "7 or newer"), (Ok, ""), (Warn, "")]);
    }
}
