//! Jobs, accounts and the audit trail on DynamoDB.
