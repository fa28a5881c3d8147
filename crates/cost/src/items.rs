//! What can stand on a bill. Each item has exactly one price in `deploy/cost/prices.toml`, under its id and in its unit.

use crate::services::Service;
use crate::units::Unit;

macro_rules! items {
    ($($(#[doc = $doc:literal])* $item:ident = $id:literal, $service:ident, $unit:ident;)*) => {
        /// Something that AWS sells.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Item {
            $($(#[doc = $doc])* $item,)*
        }

        impl Item {
            /// All of them, in the order of tables.
            pub const ALL: &[Self] = &[$(Self::$item),*];

            /// Its name in `prices.toml`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$item => $id,)* }
            }

            /// Whose it is.
            pub const fn service(self) -> Service {
                match self { $(Self::$item => Service::$service,)* }
            }

            /// In what it is counted.
            pub const fn unit(self) -> Unit {
                match self { $(Self::$item => Unit::$unit,)* }
            }
        }
    };
}

items! {
    /// Bytes kept in S3 Standard.
    S3Standard = "s3.standard", S3, GbMonth;
    /// Bytes kept in S3 Standard-IA.
    S3Infrequent = "s3.infrequent", S3, GbMonth;
    /// PUT, COPY, POST, LIST of S3 Standard, and each part of an upload.
    S3Put = "s3.put", S3, Thousand;
    /// GET of S3 Standard.
    S3Get = "s3.get", S3, Thousand;
    /// Objects that a lifecycle rule moves to Standard-IA.
    S3ToInfrequent = "s3.to-infrequent", S3, Thousand;
    /// Bytes read from Standard-IA.
    S3InfrequentRead = "s3.infrequent-read", S3, Gb;
    /// Bytes that leave a bucket to the internet.
    S3Internet = "s3.internet", S3, Gb;
    /// A machine of 16 cores that works, on demand.
    Ec2Work = "ec2.work", Ec2, Hour;
    /// The same on spot.
    Ec2WorkSpot = "ec2.work-spot", Ec2, Hour;
    /// A machine for API, queue scaling and the cluster's own pods.
    Ec2Node = "ec2.node", Ec2, Hour;
    /// Disks of machines.
    Ec2Disk = "ec2.disk", Ec2, GbMonth;
    /// A control plane.
    EksCluster = "eks.cluster", Eks, Hour;
    /// Images.
    EcrStorage = "ecr.storage", Ecr, GbMonth;
    /// Write request units.
    DynamoDbWrite = "dynamodb.write", DynamoDb, Million;
    /// Read request units.
    DynamoDbRead = "dynamodb.read", DynamoDb, Million;
    /// Bytes kept.
    DynamoDbStorage = "dynamodb.storage", DynamoDb, GbMonth;
    /// Bytes that can be put back to a point in time.
    DynamoDbRestore = "dynamodb.restore", DynamoDb, GbMonth;
    /// A db.r7g.large in two zones; larger ones cost as many times more as they are larger.
    RdsInstance = "rds.instance", Rds, Hour;
    /// A db.t4g.medium in two zones.
    RdsSmallInstance = "rds.small-instance", Rds, Hour;
    /// Bytes kept in two zones.
    RdsStorage = "rds.storage", Rds, GbMonth;
    /// A cache.r7g.large with Valkey.
    ElastiCacheNode = "elasticache.node", ElastiCache, Hour;
    /// A cache.t4g.small with Valkey.
    ElastiCacheSmallNode = "elasticache.small-node", ElastiCache, Hour;
    /// Requests to the catalog.
    GlueRequest = "glue.request", Glue, Million;
    /// Letters.
    SesLetter = "ses.letter", Ses, Thousand;
    /// Alarms that are sent as letters.
    SnsLetter = "sns.letter", Sns, Thousand;
    /// A load balancer.
    ElbBalancer = "elb.balancer", Elb, Hour;
    /// Capacity units of the balancer.
    ElbCapacity = "elb.capacity", Elb, Hour;
    /// An interface endpoint in one zone.
    VpcEndpoint = "vpc.endpoint", Vpc, Hour;
    /// Bytes through interface endpoints.
    VpcEndpointData = "vpc.endpoint-data", Vpc, Gb;
    /// A NAT gateway.
    VpcNat = "vpc.nat", Vpc, Hour;
    /// Bytes through NAT gateways.
    VpcNatData = "vpc.nat-data", Vpc, Gb;
    /// A public address.
    VpcAddress = "vpc.address", Vpc, Hour;
    /// Bytes between zones, counted at each end.
    VpcZone = "vpc.zone", Vpc, Gb;
    /// A zone of names.
    Route53Zone = "route53.zone", Route53, Month;
    /// Queries answered by latency.
    Route53Query = "route53.query", Route53, Million;
    /// A health check.
    Route53Check = "route53.check", Route53, Month;
    /// Its asking by HTTPS.
    Route53CheckOption = "route53.check-option", Route53, Month;
    /// A key.
    KmsKey = "kms.key", Kms, Month;
    /// Requests to keys.
    KmsRequest = "kms.request", Kms, TenThousand;
    /// A secret.
    SecretsManagerSecret = "secretsmanager.secret", SecretsManager, Month;
    /// Requests for secrets.
    SecretsManagerRequest = "secretsmanager.request", SecretsManager, TenThousand;
    /// Logs taken in.
    CloudWatchTaken = "cloudwatch.taken", CloudWatch, Gb;
    /// Logs kept.
    CloudWatchKept = "cloudwatch.kept", CloudWatch, GbMonth;
    /// A metric.
    CloudWatchMetric = "cloudwatch.metric", CloudWatch, Month;
    /// An alarm.
    CloudWatchAlarm = "cloudwatch.alarm", CloudWatch, Month;
    /// A dashboard.
    CloudWatchDashboard = "cloudwatch.dashboard", CloudWatch, Month;
    /// Bytes into a stream on demand.
    KinesisIn = "kinesis.in", Kinesis, Gb;
    /// Bytes out of a stream on demand.
    KinesisOut = "kinesis.out", Kinesis, Gb;
    /// A stream on demand.
    KinesisStream = "kinesis.stream", Kinesis, Hour;
    /// A provisioned shard.
    KinesisShard = "kinesis.shard", Kinesis, Hour;
    /// Units of 25 KB put into shards.
    KinesisUnit = "kinesis.unit", Kinesis, Million;
    /// Bytes that Firehose writes into an Iceberg table.
    FirehoseTable = "firehose.table", Firehose, Gb;
    /// Bytes that Firehose takes directly.
    FirehosePut = "firehose.put", Firehose, Gb;
    /// Bytes that Firehose makes Parquet of.
    FirehoseParquet = "firehose.parquet", Firehose, Gb;
    /// A small broker.
    MskLarge = "msk.large", Msk, Hour;
    /// A large broker.
    Msk16xlarge = "msk.16xlarge", Msk, Hour;
    /// Disks of brokers.
    MskStorage = "msk.storage", Msk, GbMonth;
    /// Bytes scanned.
    AthenaScan = "athena.scan", Athena, Tb;
    /// A core of a Spark worker.
    EmrCore = "emr.core", Emr, Hour;
    /// Its memory.
    EmrMemory = "emr.memory", Emr, GbHour;
    /// Bytes to the internet.
    CloudFrontOut = "cloudfront.out", CloudFront, Gb;
    /// Requests by HTTPS.
    CloudFrontRequest = "cloudfront.request", CloudFront, TenThousand;
}

impl Item {
    /// The item of an id.
    pub fn by_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|item| item.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_id_begins_with_its_service_and_stands_once() {
        let ids: BTreeSet<_> = Item::ALL.iter().map(|item| item.id()).collect();
        assert_eq!(ids.len(), Item::ALL.len());
        for item in Item::ALL {
            assert_eq!(item.id().split('.').next(), Some(item.service().id()));
            assert_eq!(Item::by_id(item.id()), Some(*item));
        }
        assert_eq!(Item::by_id("s3.Standard"), None);
    }
}
