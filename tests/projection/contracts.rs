//! `projections/` is a contract that people read: every column is explained, field by field.

use docket::projection::all;

use super::{follower, world};

#[test]
fn every_column_of_every_table_is_in_its_readme() {
    let world = world();
    let at = tempfile::tempdir().unwrap();
    let follower = follower(&world, &at.path().join("copy.sqlite"), all);
    let connection = &follower.connection();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("projections");
    let overview = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut columns_seen = 0;
    for projection in all() {
        let name = projection.name();
        assert!(overview.contains(&format!("({name}/README.md)")), "{name} in the overview");
        let readme = std::fs::read_to_string(root.join(name).join("README.md")).unwrap();
        for table in projection.tables().iter().map(|table| table.name) {
            assert!(readme.contains(&format!("`{table}`")), "{table} in {name}/README.md");
            let sql = format!("SELECT name FROM pragma_table_info('{table}')");
            for column in super::rows_of(connection, &sql) {
                assert!(readme.contains(&format!("`{column}`")), "{table}.{column} in {name}");
                columns_seen += 1;
            }
        }
    }
    assert!(columns_seen > 100, "{columns_seen}");
}
