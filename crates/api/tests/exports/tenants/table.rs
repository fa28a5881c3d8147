//! The table: a line for each route, a column for each kind of caller, the status that they get.

use std::fmt;
use std::sync::LazyLock;

/// The columns: nobody; people of this organisation, of another one, no longer of this one, no longer active; an admin's
/// token that is over, and their refresh token in its place; programs of this organisation and of another one.
pub const WHO: [&str; 11] = [
    "anonymous",
    "admin",
    "member",
    "other_admin",
    "other_member",
    "removed",
    "disabled",
    "expired",
    "refresh",
    "program",
    "other_program",
];

/// Own things: `admin` is the person to whom everything under `/v1/me` in the paths belongs.
/// 409 says that the caller was let in: the export has nothing to retry, or is not ready.
const TABLE: &str = "
                                                          anon adm mem  o.a o.m  rem dis  exp ref  prg o.p
GET    /v1/organisations/{org}/members                    401  200 200  404 404  404 404  401 401  401 401
POST   /v1/organisations/{org}/members                    401  200 403  404 404  404 404  401 401  401 401
PATCH  /v1/organisations/{org}/members/{user}             401  200 403  404 404  404 404  401 401  401 401
DELETE /v1/organisations/{org}/members/{user}             401  204 403  404 404  404 404  401 401  401 401
POST   /v1/organisations/{org}/messages                   401  200 403  404 404  404 404  401 401  200 404

POST   /v1/organisations/{org}/exports                    401  202 202  404 404  404 404  401 401  401 401
POST   /v1/organisations/{org}/exports/estimate           401  200 200  404 404  404 404  401 401  401 401
GET    /v1/organisations/{org}/exports                    401  200 200  404 404  404 404  401 401  401 401
GET    /v1/organisations/{org}/exports/{id}               401  200 200  404 404  404 404  401 401  401 401
DELETE /v1/organisations/{org}/exports/{id}               401  204 204  404 404  404 404  401 401  401 401
POST   /v1/organisations/{org}/exports/{id}/retry         401  409 409  404 404  404 404  401 401  401 401
GET    /v1/organisations/{org}/exports/{id}/parts         401  200 200  404 404  404 404  401 401  401 401
GET    /v1/organisations/{org}/exports/{id}/manifest      401  200 200  404 404  404 404  401 401  401 401
POST   /v1/organisations/{org}/exports/{id}/links         401  200 200  404 404  404 404  401 401  401 401

GET    /v1/me                                             401  200 200  200 200  200 401  401 401  401 401
GET    /v1/me/memberships                                 401  200 200  200 200  200 401  401 401  401 401
POST   /v1/me/exports                                     401  202 202  202 202  202 401  401 401  401 401
POST   /v1/me/exports/estimate                            401  200 200  200 200  200 401  401 401  401 401
GET    /v1/me/exports                                     401  200 200  200 200  200 401  401 401  401 401
GET    /v1/me/exports/{id}                                401  200 404  404 404  404 401  401 401  401 401
DELETE /v1/me/exports/{id}                                401  204 404  404 404  404 401  401 401  401 401
POST   /v1/me/exports/{id}/retry                          401  409 404  404 404  404 401  401 401  401 401
GET    /v1/me/exports/{id}/parts                          401  409 404  404 404  404 401  401 401  401 401
GET    /v1/me/exports/{id}/manifest                       401  409 404  404 404  404 401  401 401  401 401
POST   /v1/me/exports/{id}/links                          401  409 404  404 404  404 401  401 401  401 401

GET    /v1/downloads/{token}                              public 200
POST   /v1/auth/login                                     public 401
POST   /v1/auth/refresh                                   public 401
POST   /v1/auth/logout                                    public 204
GET    /livez                                             public 200
GET    /readyz                                            public 200
GET    /metrics                                           public 200
GET    /.well-known/jwks.json                             public 200
";

/// One line of the table.
pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    pub expected: [u16; WHO.len()],
    is_public: bool,
}

impl Row {
    /// As the document and the failures name it.
    pub fn name(&self) -> String {
        self.to_string()
    }

    /// Whether everybody gets the same, whatever token they bring.
    pub const fn is_public(&self) -> bool {
        self.is_public
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// All lines.
pub static ROWS: LazyLock<Vec<Row>> =
    LazyLock::new(|| TABLE.lines().filter(|line| line.contains('/')).map(row).collect());

fn row(line: &'static str) -> Row {
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let rest: Vec<_> = words.collect();
    let number = |word: &&str| word.parse().unwrap_or_else(|_| panic!("{word} in {line}"));
    match rest.as_slice() {
        ["public", status] => Row { method, path, expected: [number(status); WHO.len()], is_public: true },
        statuses => {
            let numbers: Vec<u16> = statuses.iter().map(number).collect();
            let expected = numbers.try_into().unwrap_or_else(|_| panic!("{line} has too few or too many columns"));
            Row { method, path, expected, is_public: false }
        }
    }
}
