//! What the indicators of printed tables are called, where no measure names them.

use crate::domain::ids::Text;

/// An indicator of the tables of which figures are kept: its id, in English, in Chinese.
struct Printed(&'static str, &'static str, &'static str);

#[rustfmt::skip]
const PRINTED: [Printed; 11] = [
    Printed("valid_invention_patents", "Invention patents in force", "有效发明专利量"),
    Printed("valid_invention_patents_yoy_growth", "Growth of invention patents in force over the year before", "有效发明专利量同比增长"),
    Printed("population_used", "Population on which the figure rests", "计算所用人口数"),
    Printed("utility_model_patents_in_force", "Utility model patents in force", "有效实用新型专利量"),
    Printed("design_patents_in_force", "Design patents in force", "有效外观设计专利量"),
    Printed("share_of_valid_inventions_kept_over_5_years", "Share of invention patents kept over five years", "维持5年以上的有效发明专利占比"),
    Printed("invention_patent_applications_received", "Applications for invention patents received", "发明专利申请受理量"),
    Printed("invention_patent_applications_received_yoy", "Growth of applications for invention patents over the year before", "发明专利申请受理量同比增长"),
    Printed("patent_strength_rank", "Rank by patent strength", "专利综合实力排名"),
    Printed("patent_intensive_industry_value_added", "Value added of patent-intensive industries", "专利密集型产业增加值"),
    Printed("high_value_invention_patents_per_10k", "High-value invention patents per 10,000 persons", "每万人高价值发明专利拥有量"),
];

/// What an indicator of a printed table is called.
pub fn printed_label(id: &str) -> Option<Text> {
    let found = PRINTED.iter().find(|printed| printed.0 == id);
    found.map(|Printed(_, en, zh)| Text { en: (*en).to_owned(), zh: (*zh).to_owned() })
}
