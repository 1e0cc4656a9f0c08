//! Logs and metrics: how they are started, and the one list of the metrics' names.
//!
//! Secrets and personal values stay out of logs because the types that carry them
//! (`curlew_base::Redacted`) do not print them. To add a metric: a line in `METRICS`.

mod logs;
mod metrics;

pub use logs::{LogError, LogFormat, check_level, start};
pub use metrics::{Kind, METRICS, Metric, MetricsError, MetricsPage};
