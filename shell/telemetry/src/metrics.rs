//! The metrics: their list, and their page in the text form that Prometheus reads.

use std::fmt;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

/// What a metric counts like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name on the page.
    pub name: &'static str,
    /// What it counts like.
    pub kind: Kind,
    /// What it says, for people.
    pub help: &'static str,
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

/// Every metric of the server. A name that is counted elsewhere and is missing here has no help.
pub const METRICS: &[Metric] = &[
    counter("curlew_calls_dialled_total", "Direct calls that were dialled."),
    counter("curlew_calls_accepted_total", "Direct calls that were accepted."),
    counter("curlew_calls_ended_total", "Direct calls that ended, by `result`."),
    counter("curlew_requests_total", "Requests of devices, by `verb`."),
    counter("curlew_refusals_total", "Requests of devices that were refused, by `code`."),
    gauge("curlew_connections", "Open connections of devices."),
];

/// Why metrics could not be started.
#[derive(Debug)]
pub struct MetricsError(BuildError);

impl fmt::Display for MetricsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the metrics could not be started: {}", self.0)
    }
}

impl std::error::Error for MetricsError {}

/// The page of the metrics.
#[derive(Clone)]
pub struct MetricsPage(PrometheusHandle);

impl MetricsPage {
    /// Makes this process count; once.
    ///
    /// # Errors
    /// If the process counts already.
    pub fn start() -> Result<Self, MetricsError> {
        let handle = PrometheusBuilder::new().install_recorder().map_err(MetricsError)?;
        for metric in METRICS {
            match metric.kind {
                Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
                Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            }
        }
        Ok(Self(handle))
    }

    /// The page as it stands.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_what_was_counted_with_its_help_and_starts_once() {
        let page = MetricsPage::start().unwrap();
        metrics::counter!("curlew_calls_dialled_total").increment(2);
        let text = page.text();
        assert!(text.contains("# HELP curlew_calls_dialled_total Direct calls"), "{text}");
        assert!(text.contains("curlew_calls_dialled_total 2"), "{text}");
        assert!(MetricsPage::start().is_err());
    }

    #[test]
    fn names_are_unique_and_ours() {
        for (index, metric) in METRICS.iter().enumerate() {
            assert!(metric.name.starts_with("curlew_"), "{}", metric.name);
            assert!(METRICS[..index].iter().all(|other| other.name != metric.name));
        }
    }
}
