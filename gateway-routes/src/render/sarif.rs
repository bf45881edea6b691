//! Faults for code scanning: SARIF 2.1.0 (OASIS), as far as scanners read it.

use serde_json::{Value, json};

use crate::fault::{Fault, Fix, Label};
use crate::render::{Checked, Lines};
use crate::{Code, Level, Span, explain};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The faults of all files as one SARIF log of one run.
pub fn sarif(checked: &[Checked<'_>]) -> String {
    let results: Vec<Value> = checked.iter().flat_map(file_results).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver() },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true }],
            "results": results,
        }],
    });
    format!("{log:#}")
}

fn driver() -> Value {
    json!({
        "name": "coregateway",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": Code::ALL.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
    })
}

fn rule(code: Code) -> Value {
    let page = explain::page(code);
    let title = sentence(code.title());
    json!({
        "id": code.name(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": title },
        "fullDescription": { "text": page.why },
        "help": { "text": page.plain(), "markdown": page.markdown() },
        "defaultConfiguration": { "level": code.level().name() },
        "properties": { "tags": tags(code), "precision": "very-high" },
    })
}

/// What scanners group by: who may call is a matter of security.
fn tags(code: Code) -> Vec<&'static str> {
    let is_security = code.name().starts_with("CG05")
        || [Code::WeakerInside, Code::OtherWayIn, Code::Cleartext, Code::SharedAnswers].contains(&code);
    if is_security { vec!["routes", "security"] } else { vec!["routes"] }
}

fn sentence(title: &str) -> String {
    let mut characters = title.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

fn file_results(file: &Checked<'_>) -> Vec<Value> {
    let file = File { uri: uri(file.source.name()), lines: Lines::new(file.source.text()), faults: file.faults };
    file.faults.iter().map(|fault| file.result(fault)).collect()
}

struct File<'a> {
    uri: String,
    lines: Lines,
    faults: &'a [Fault],
}

impl File<'_> {
    fn result(&self, fault: &Fault) -> Value {
        let (primary, others): (Vec<&Label>, Vec<&Label>) = fault.labels.iter().partition(|label| label.primary);
        let text = [fault.message.clone()].into_iter().chain(fault.notes.iter().cloned()).chain(fault.help_lines());
        let related = others.iter().enumerate().map(|(index, label)| {
            json!({ "id": index, "message": { "text": label.text }, "physicalLocation": self.place(label.span) })
        });
        let mut result = json!({
            "ruleId": fault.code.name(),
            "ruleIndex": Code::ALL.iter().position(|code| *code == fault.code),
            "level": match fault.level { Level::Error => "error", Level::Warning => "warning" },
            "message": { "text": text.collect::<Vec<_>>().join("\n") },
            "locations": primary.iter().map(|label| json!({ "physicalLocation": self.place(label.span) })).collect::<Vec<_>>(),
            "relatedLocations": related.collect::<Vec<_>>(),
        });
        if let Some(fix) = &fault.fix {
            result["fixes"] = json!([self.fix(fix)]);
        }
        result
    }

    fn place(&self, span: Span) -> Value {
        json!({ "artifactLocation": { "uri": self.uri }, "region": self.region(span) })
    }

    fn region(&self, span: Span) -> Value {
        let (line, column) = self.lines.position(span.start);
        let (end_line, end_column) = self.lines.position(span.end);
        json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
    }

    fn fix(&self, fix: &Fix) -> Value {
        json!({
            "description": { "text": fix.help },
            "artifactChanges": [{
                "artifactLocation": { "uri": self.uri },
                "replacements": [{
                    "deletedRegion": self.region(fix.span),
                    "insertedContent": { "text": fix.replacement },
                }],
            }],
        })
    }
}

/// The file's name as a URI reference; a name below the working directory is told from there, as repositories know it.
fn uri(name: &str) -> String {
    let here = std::env::current_dir().ok();
    let path = std::path::Path::new(name);
    let relative = here.and_then(|here| path.strip_prefix(here).ok());
    let (scheme, path) = match relative {
        None if path.is_absolute() => ("file://", path),
        relative => ("", relative.unwrap_or(path)),
    };
    let path = path.to_string_lossy().replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let escaped =
        path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    format!("{scheme}{}", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{file, route};
    use crate::{Source, compile};

    fn log(text: &str) -> Value {
        let source = Source::new("./a b/routes.ron", text);
        serde_json::from_str(&sarif(&[Checked { source: &source, faults: &compile(&source).faults }])).unwrap()
    }

    #[test]
    fn a_result_has_its_rule_its_places_and_its_fix() {
        let log = log(&file(&[route("target: \"http://s:1/\""), route("")]));
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "a%20b/routes.ron");
            assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
            assert!(place["region"]["endColumn"].as_u64().unwrap() >= 1);
        }
        let slash = results.iter().find(|result| result["ruleId"] == "CG0410").unwrap();
        assert_eq!(slash["level"], "warning");
        let replacement = &slash["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(replacement["insertedContent"]["text"], "");
        let duplicate = results.iter().find(|result| result["ruleId"] == "CG0101").unwrap();
        assert_eq!(duplicate["relatedLocations"][0]["message"]["text"], "the first route");
    }

    #[test]
    fn every_rule_has_its_help() {
        for rule in log("")["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap() {
            assert!(rule["help"]["markdown"].as_str().unwrap().contains("```ron"), "{}", rule["id"]);
            assert!(!rule["fullDescription"]["text"].as_str().unwrap().is_empty());
        }
    }
}
