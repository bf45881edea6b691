//! A thousand callers in turn, each with a token of their own, beside one caller alone: what finding a token again costs.

use std::path::{Path, PathBuf};

use super::bench::Bench;
use super::figures::medians;
use super::peer::Peer;
use super::table::Table;
use super::wrk::{Load, Visit, visit};
use crate::failure::Failure;
use crate::workspace::write;

pub(super) const TOKENS: usize = 1000;

/// The same gateway with both, by a script in both cases, as scripts make the load slower.
pub(crate) fn measure(bench: &Bench) -> Result<Table, Failure> {
    let tokens = bench.credentials.tokens(TOKENS);
    let scripts = [script(&bench.folder, &tokens[..1])?, script(&bench.folder, &tokens)?];
    let peer = bench.start_warm(Peer::Ours, bench.plain())?;
    let loads = scripts.each_ref().map(|script| Load { script: Some(script), ..bench.small_answers() });
    for load in &loads {
        visit(&peer, &Load { seconds: 1, ..*load })?;
    }
    let found = bench.rounds(&loads, |load| visit(&peer, load))?;
    let cpu = medians(&found, Visit::cpu_each);
    let rate = medians(&found, |visit| visit.seen.rate);
    Ok(Table::new("many-tokens: CoreGateway, 1,000 valid tokens in turn", ["one token", "1,000 tokens"])
        .column("CPU µs/request", 1, &cpu)
        .ratios_to("one token", &cpu)
        .column("requests/s", 0, &rate))
}

/// A script of wrk's that sends these tokens in turn; the requests are made before the first is sent.
pub(super) fn script(folder: &Path, tokens: &[String]) -> Result<PathBuf, Failure> {
    let list = folder.join(format!("tokens-{}", tokens.len()));
    write(&list, tokens.join("\n"))?;
    let script = list.with_extension("lua");
    let text = format!(
        "local requests, last = {{}}, 0
function init()
  for token in io.lines([[{}]]) do
    requests[#requests + 1] = wrk.format(nil, nil, {{ Authorization = 'Bearer ' .. token }})
  end
end
function request()
  last = last % #requests + 1
  return requests[last]
end
",
        list.display()
    );
    write(&script, text)?;
    Ok(script)
}
