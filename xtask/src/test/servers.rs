//! One server of each kind for the whole run: each test has a database, a bucket or tables of its own there.

use std::path::{Path, PathBuf};

use engines::{DynamoDbLocal, Engine, Ministack, Postgres, SeaweedFs};

use super::Environment;
use super::tools::{POSTGRES, Tools};

/// The servers; dropping them stops them.
pub struct Servers {
    postgres: Option<Postgres>,
    s3: Option<SeaweedFs>,
    dynamodb: Option<DynamoDbLocal>,
    ministack: Option<Ministack>,
}

/// What of DynamoDB is there.
#[derive(Debug, Default)]
pub struct Emulators {
    /// The jar of DynamoDB Local.
    pub jar: Option<PathBuf>,
    /// The interpreter of ministack's environment.
    pub python: Option<PathBuf>,
}

impl Servers {
    /// Starts what is there. What Debian lacks stands in `missing` already, as does Python where there is none.
    pub fn start(tools: &Tools, python: Option<&Path>, missing: &mut Vec<String>) -> Self {
        let postgres = tools.has(POSTGRES).then(Postgres::start).flatten();
        let weed = python.map(|python| python.with_file_name("weed"));
        if weed.as_ref().is_some_and(|weed| !weed.is_file()) {
            missing.push(format!("{}, an S3 server, from tests/requirements.txt", Engine::SeaweedFs.name()));
        }
        let s3 = weed.filter(|weed| weed.is_file()).map(|weed| SeaweedFs::start_program(&weed));
        Self { postgres, s3, dynamodb: None, ministack: None }
    }

    /// Adds the emulators of DynamoDB. What could not be had stands in `missing` already.
    pub fn with(self, emulators: &Emulators) -> Self {
        let dynamodb = emulators.jar.as_deref().and_then(DynamoDbLocal::start_jar);
        let program = emulators.python.as_ref().map(|python| python.with_file_name("ministack"));
        Self { dynamodb, ministack: program.as_deref().map(Ministack::start_program), ..self }
    }

    /// How tests get to them; `docs/tests.md` says what each variable means.
    pub fn environment(&self) -> Environment {
        let mut environment = Environment::new();
        if let Some(postgres) = &self.postgres {
            environment.push(("OUTHAUL_TEST_POSTGRES", postgres.superuser_url().into()));
        }
        if let Some(s3) = &self.s3 {
            environment.push(("OUTHAUL_TEST_S3", s3.endpoint().into()));
            environment.push(("OUTHAUL_TEST_CATALOG", s3.catalog().into()));
            environment.push(("OUTHAUL_TEST_S3_KEY", s3.access_key().into()));
            environment.push(("OUTHAUL_TEST_S3_SECRET", s3.secret_key().into()));
        }
        if let Some(dynamodb) = &self.dynamodb {
            environment.push(("OUTHAUL_TEST_DYNAMODB", dynamodb.endpoint().into()));
        }
        if let Some(ministack) = &self.ministack {
            environment.push(("OUTHAUL_TEST_MINISTACK", ministack.endpoint().into()));
        }
        environment
    }

    pub fn postgres(&self) -> Option<&Postgres> {
        self.postgres.as_ref()
    }

    pub fn s3(&self) -> Option<&SeaweedFs> {
        self.s3.as_ref()
    }
}
