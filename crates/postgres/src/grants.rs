//! What the service may do with the tables: exactly what each of them says, and no more than to look at the rest.

use crate::schema::Schema;

/// The statements that give the rights of `schema` to `role`, and take every other one away.
///
/// The newest migration's rights hold, so a migration that only adds may take no right away that older programs use.
pub(crate) fn statements(schema: &Schema, role: &str) -> Vec<String> {
    let (name, role) = (schema.name, identifier(role));
    let mut statements = vec![
        format!("REVOKE ALL ON SCHEMA {name} FROM PUBLIC, {role}"),
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA {name} FROM PUBLIC, {role}"),
        format!("GRANT USAGE ON SCHEMA {name} TO {role}"),
    ];
    statements
        .extend(schema.all_tables().map(|table| format!("GRANT {} ON {name}.{} TO {role}", table.grants, table.name)));
    statements
}

/// A name between quotes (PostgreSQL, section 4.1.1), whatever it is made of.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_a_name_whatever_it_is_made_of() {
        assert_eq!(identifier("out\"haul; --"), "\"out\"\"haul; --\"");
    }
}
