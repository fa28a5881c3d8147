//! An empty database of one test, with an owner and roles of its own.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::cluster::Postgres;
use super::sql::Login;
use crate::programs::{self, Engine};
use crate::{left_out, random};

/// The url of a superuser on the PostgreSQL that the test command runs.
const SHARED: &str = "OUTHAUL_TEST_POSTGRES";

/// Text is compared by the rules of English here, as on most servers, and not by its bytes: who needs an order must ask for it.
const LOCALE: &str = "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'";

/// A database; dropping it drops it, with whoever is connected, and its roles.
#[derive(Debug)]
pub struct Database {
    superuser: Login,
    name: String,
    /// The part of its names that no other database has.
    suffix: String,
    owner: Role,
    others: Mutex<Vec<Role>>,
}

/// Who may sign in to one database: neither superuser nor able to pass over row-level security.
#[derive(Clone)]
pub struct Role {
    name: String,
    password: String,
    url: String,
}

impl Role {
    /// Its name on the cluster, for GRANT.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A random password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// `postgres://name:password@127.0.0.1:port/database`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl std::fmt::Debug for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Role({})", self.name)
    }
}

impl Database {
    /// One on the PostgreSQL of the test command, else on one that is started once for this process.
    pub fn fresh() -> Option<Self> {
        if let Some(url) = std::env::var(SHARED).ok().filter(|url| !url.is_empty()) {
            let Some(programs) = programs::postgres() else {
                left_out(Engine::Postgres.name());
                return None;
            };
            let superuser = Login::from_url(&programs, &url);
            return Some(Self::make(superuser.unwrap_or_else(|| panic!("{SHARED} is no url of a superuser"))));
        }
        static OF_THIS_PROCESS: OnceLock<Option<Postgres>> = OnceLock::new();
        match OF_THIS_PROCESS.get_or_init(Postgres::start) {
            Some(postgres) => Some(postgres.database()),
            None => {
                left_out(Engine::Postgres.name());
                None
            }
        }
    }

    pub(super) fn make(superuser: Login) -> Self {
        let suffix = random::word()[..12].to_owned();
        let name = format!("test_{suffix}");
        let (owner, owner_made) = new_role(&superuser, &name, "owner", &suffix);
        let made = format!("CREATE DATABASE {name} OWNER {} {LOCALE};\n", owner.name);
        let closed = format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC;\n");
        run(&superuser, "postgres", &(owner_made + &made + &closed));
        Self { superuser, name, suffix, owner, others: Mutex::default() }
    }

    /// Its name on the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `127.0.0.1:port`, for a proxy.
    pub fn address(&self) -> &str {
        self.superuser.address()
    }

    /// Who owns the database, and so migrates it.
    pub fn owner(&self) -> &Role {
        &self.owner
    }

    /// The owner's url.
    pub fn url_of_owner(&self) -> String {
        self.owner.url.clone()
    }

    /// A role that may connect and nothing else until the owner grants it more; the same name is the same role.
    /// On the cluster it has another name ([`Role::name`]), since roles belong to all databases.
    pub fn role(&self, name: &str) -> Role {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let full_name = full_name(name, &self.suffix);
        if let Some(known) = others.iter().find(|role| role.name == full_name) {
            return known.clone();
        }
        let (role, made) = new_role(&self.superuser, &self.name, name, &self.suffix);
        let granted = format!("GRANT CONNECT ON DATABASE {} TO {full_name};\n", self.name);
        run(&self.superuser, "postgres", &(made + &granted));
        others.push(role.clone());
        role
    }

    /// The url of [`Database::role`].
    pub fn url_of_role(&self, name: &str) -> String {
        self.role(name).url
    }

    /// The url of the one who may do everything.
    pub fn url_of_superuser(&self) -> String {
        self.superuser.url(&self.name)
    }

    /// Runs statements as superuser and answers the rows, columns apart by `|`; panics with what PostgreSQL says.
    pub fn sql(&self, statements: &str) -> String {
        run(&self.superuser, &self.name, statements)
    }

    /// The same in a role's name; an error is what PostgreSQL says.
    pub fn sql_as(&self, role: &Role, statements: &str) -> Result<String, String> {
        self.superuser.of(&role.name, &role.password).run(&self.name, statements)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let others = self.others.get_mut().unwrap_or_else(PoisonError::into_inner);
        let roles: Vec<_> = others.iter().chain([&self.owner]).map(|role| role.name.as_str()).collect();
        let statements = format!("DROP DATABASE {} WITH (FORCE);\nDROP ROLE {};\n", self.name, roles.join(", "));
        // The cluster may have been killed, and its folder goes with it.
        let _ = self.superuser.run("postgres", &statements);
    }
}

/// A role and the statement that makes it.
fn new_role(superuser: &Login, database: &str, name: &str, suffix: &str) -> (Role, String) {
    let (name, password) = (full_name(name, suffix), random::word());
    let rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS";
    let made = format!("CREATE ROLE {name} {rights} PASSWORD '{password}';\n");
    let url = format!("postgres://{name}:{password}@{}/{database}", superuser.address());
    (Role { name, password, url }, made)
}

fn full_name(name: &str, suffix: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    assert!(is_plain && !name.is_empty() && name.len() <= 40, "{name:?} is no name of a role: small letters and _");
    format!("{name}_{suffix}")
}

#[track_caller]
fn run(superuser: &Login, database: &str, statements: &str) -> String {
    superuser.run(database, statements).unwrap_or_else(|why| panic!("{why}"))
}
