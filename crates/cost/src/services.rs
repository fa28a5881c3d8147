//! The services of AWS that an installation is made of, and those that it was compared with.

use std::fmt;

/// How a service takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Used, and on the bill.
    Paid,
    /// Used, and free as it is used here.
    Free,
    /// Only compared with.
    Compared,
}

macro_rules! services {
    ($($(#[doc = $doc:literal])* $service:ident = $id:literal, $name:literal, $part:ident;)*) => {
        /// A service of AWS.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Service {
            $($(#[doc = $doc])* $service,)*
        }

        impl Service {
            /// All of them, in the order of tables.
            pub const ALL: &[Self] = &[$(Self::$service),*];

            /// Short name, for machines.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$service => $id,)* }
            }

            /// As AWS calls it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$service => $name,)* }
            }

            /// How it takes part.
            pub const fn part(self) -> Part {
                match self { $(Self::$service => Part::$part,)* }
            }
        }
    };
}

services! {
    /// Messages, parts and archives; what leaves a bucket.
    S3 = "s3", "Amazon S3", Paid;
    /// Machines of the cluster and their disks.
    Ec2 = "ec2", "Amazon EC2", Paid;
    /// Kubernetes.
    Eks = "eks", "Amazon EKS", Paid;
    /// Images of containers.
    Ecr = "ecr", "Amazon ECR", Paid;
    /// Jobs, accounts, audit.
    DynamoDb = "dynamodb", "Amazon DynamoDB", Paid;
    /// Directory, memberships, the table's catalog.
    Rds = "rds", "Amazon RDS for PostgreSQL", Paid;
    /// Queue and limits.
    ElastiCache = "elasticache", "Amazon ElastiCache", Paid;
    /// The table, for other engines.
    Glue = "glue", "AWS Glue Data Catalog", Paid;
    /// Letters.
    Ses = "ses", "Amazon SES", Paid;
    /// Alarms, sent.
    Sns = "sns", "Amazon SNS", Paid;
    /// The load balancer.
    Elb = "elb", "Elastic Load Balancing", Paid;
    /// Endpoints, addresses, traffic between zones.
    Vpc = "vpc", "Amazon VPC", Paid;
    /// Names and health checks.
    Route53 = "route53", "Amazon Route 53", Paid;
    /// Keys.
    Kms = "kms", "AWS KMS", Paid;
    /// Passwords.
    SecretsManager = "secretsmanager", "AWS Secrets Manager", Paid;
    /// Logs, metrics, alarms.
    CloudWatch = "cloudwatch", "Amazon CloudWatch", Paid;
    /// Certificates.
    Acm = "acm", "AWS Certificate Manager", Free;
    /// Roles.
    Iam = "iam", "AWS IAM", Free;
    /// A limit that tells.
    Budgets = "budgets", "AWS Budgets", Free;
    /// A stream in front of the lake.
    Kinesis = "kinesis", "Amazon Kinesis Data Streams", Compared;
    /// A stream that writes the table.
    Firehose = "firehose", "Amazon Data Firehose", Compared;
    /// Kafka in front of the lake.
    Msk = "msk", "Amazon MSK", Compared;
    /// Exports by SQL.
    Athena = "athena", "Amazon Athena", Compared;
    /// Exports by Spark.
    Emr = "emr", "Amazon EMR Serverless", Compared;
    /// Downloads from nearby.
    CloudFront = "cloudfront", "Amazon CloudFront", Compared;
}

impl Service {
    /// Those that an installation is made of.
    pub fn used() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|service| service.part() != Part::Compared)
    }
}

/// The services that an installation is made of, as `deploy/services.toml` lists them: template and picture hold the same.
pub fn list() -> String {
    let head = "# The services of AWS that an installation is made of, written by `outhaul cost --services`; `paid` ones are on its bill.\n";
    let entry = |service: Service| {
        let (id, name, paid) = (service.id(), service.name(), service.part() == Part::Paid);
        format!("\n[[service]]\nid = \"{id}\"\nname = \"{name}\"\npaid = {paid}\n")
    };
    head.to_owned() + &Service::used().map(entry).collect::<String>()
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
