package observe

import (
	"fmt"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/locutory/locutory/platform/wire"
)

// Snapshot returns the numbers in a shape of ours. What could not be had is null or missing, and logged.
func (m *Metrics) Snapshot() (wire.Metrics, error) {
	families, err := m.registry.Gather()
	if len(families) == 0 && err != nil {
		return wire.Metrics{}, fmt.Errorf("gather metrics: %w", err)
	}
	all := byName{}
	for _, f := range families {
		all[f.GetName()] = f.GetMetric()
	}
	s := wire.Metrics{
		HTTP: all.http(), Runs: all.outcomes("locutory_run_seconds"), Log: all.outcomes("locutory_log_commit_seconds"),
		Webhooks: all.outcomes("locutory_webhook_attempts_total"), Crons: all.outcomes("locutory_cron_firings_total"),
		Streams: all.gauge("locutory_open_streams"), Database: all.pools(),
	}
	if len(all["lg_api_num_pending_runs"]) > 0 {
		s.Queue = &wire.QueueMetrics{Pending: all.gauge("lg_api_num_pending_runs"), Running: all.gauge("lg_api_num_running_runs")}
	}
	if len(all["lg_api_workers_max"]) > 0 {
		s.Workers = &wire.WorkerMetrics{
			Max: all.gauge("lg_api_workers_max"), Active: all.gauge("lg_api_workers_active"), Available: all.gauge("lg_api_workers_available"),
		}
	}
	return s, nil
}

// byName are the series by the name of their family.
type byName map[string][]*dto.Metric

func (b byName) gauge(name string) int {
	for _, m := range b[name] {
		return int(m.GetGauge().GetValue())
	}
	return 0
}

func (b byName) http() []wire.HTTPMetrics {
	out := []wire.HTTPMetrics{}
	for _, m := range b["lg_api_http_requests_latency"] {
		labels, h := labelsOf(m), m.GetHistogram()
		out = append(out, wire.HTTPMetrics{
			Method: labels["method"], Path: labels["path"], Status: labels["status"], Count: int(h.GetSampleCount()), LatencyMS: h.GetSampleSum(),
		})
	}
	return out
}

// outcomes reads a counter or a histogram with one label.
func (b byName) outcomes(name string) []wire.OutcomeMetrics {
	out := []wire.OutcomeMetrics{}
	for _, m := range b[name] {
		one := wire.OutcomeMetrics{Outcome: m.GetLabel()[0].GetValue(), Count: int(m.GetCounter().GetValue())}
		if h := m.GetHistogram(); h != nil {
			one.Count, one.Seconds = int(h.GetSampleCount()), h.GetSampleSum()
		}
		out = append(out, one)
	}
	return out
}

func (b byName) pools() []wire.PoolMetrics {
	out := []wire.PoolMetrics{}
	for name, series := range b {
		pool, ok := strings.CutSuffix(strings.TrimPrefix(name, "lg_api_"), "_pool_max")
		if !ok {
			continue
		}
		for i, m := range series { // the families of a pool have their kinds in one order
			at := func(what string) *dto.Metric { return b["lg_api_"+pool+"_pool_"+what][i] }
			p := wire.PoolMetrics{
				Pool: pool, Max: int(m.GetGauge().GetValue()), Size: int(at("size").GetGauge().GetValue()),
				Available: int(at("available").GetGauge().GetValue()), Queued: int(at("requests_queued_total").GetCounter().GetValue()),
				WaitMS: at("requests_wait_ms_total").GetCounter().GetValue(),
			}
			if kind := labelsOf(m)["pool"]; kind != "" {
				p.Pool += "_" + kind
			}
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b wire.PoolMetrics) int { return strings.Compare(a.Pool, b.Pool) })
	return out
}

func labelsOf(m *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}
