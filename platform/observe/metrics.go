package observe

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// How long things take, in the unit of their series: requests and waits in milliseconds, as operators of servers of this kind know
// them, all else in seconds.
var (
	latencyBuckets = []float64{1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000}
	waitBuckets    = []float64{5, 10, 25, 50, 100, 250, 500, 1000, 5000, 10_000, 30_000, 60_000, 300_000, 1_800_000}
	runBuckets     = []float64{.01, .05, .1, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600}
	commitBuckets  = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
)

// Metrics are the numbers of one server. It is safe for concurrent use.
type Metrics struct {
	log      *slog.Logger
	registry *prometheus.Registry
	text     http.Handler

	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	waits    prometheus.Histogram
	runs     *prometheus.HistogramVec
	commits  *prometheus.HistogramVec
	webhooks *prometheus.CounterVec
	crons    *prometheus.CounterVec
}

// New returns Metrics of nothing yet, with a registry of their own. log hears of numbers that could not be had; nil is slog.Default.
func New(log *slog.Logger) *Metrics {
	if log == nil {
		log = slog.Default()
	}
	perRoute := []string{"method", "path", "status"}
	m := &Metrics{
		log: log, registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lg_api_http_requests_total", Help: "HTTP requests that were answered, by route.",
		}, perRoute),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lg_api_http_requests_latency", Help: "Milliseconds from a request to the end of its answer; a stream lasts as long as its run.",
			Buckets: latencyBuckets,
		}, perRoute),
		waits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "lg_api_run_queue_wait_time_1st_attempt", Help: "Milliseconds that runs which this process began had waited since they could.",
			Buckets: waitBuckets,
		}),
		runs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "locutory_run_seconds", Help: "Seconds of the last attempt of runs that ended in this process, by how they ended.", Buckets: runBuckets,
		}, []string{"status"}),
		commits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "locutory_log_commit_seconds", Help: "Seconds that commits of events and checkpoints took.", Buckets: commitBuckets,
		}, []string{"outcome"}),
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "locutory_webhook_attempts_total", Help: "Attempts to tell webhooks: delivered, failed (to be tried again), given_up.",
		}, []string{"outcome"}),
		crons: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "locutory_cron_firings_total", Help: "Times of crons that came: fired, refused, paused, failed (to be tried again).",
		}, []string{"outcome"}),
	}
	m.registry.MustRegister(
		m.requests, m.latency, m.waits, m.runs, m.commits, m.webhooks, m.crons,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.text = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError})
	return m
}

// None is the path of requests that no route took.
const None = "none"

// Request counts an answered request. path is the pattern of its route, never the path that was asked for; empty is [None].
func (m *Metrics) Request(method, path string, status int, took time.Duration) {
	if path == "" {
		path = None
	}
	method, code := known(method), strconv.Itoa(status)
	m.requests.WithLabelValues(method, path, code).Inc()
	m.latency.WithLabelValues(method, path, code).Observe(milliseconds(took))
}

// known keeps clients from inventing methods, each of which would be a series.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return method
	}
	return "other"
}

// RunBegan counts a run that a worker of this process takes first of all.
func (m *Metrics) RunBegan(waited time.Duration) { m.waits.Observe(milliseconds(max(waited, 0))) }

// RunEnded counts a run that ended here with one of the statuses of runs.
func (m *Metrics) RunEnded(status string, took time.Duration) {
	m.runs.WithLabelValues(status).Observe(took.Seconds())
}

// Committed counts a commit of what a run has done.
func (m *Metrics) Committed(took time.Duration, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "error"
	}
	m.commits.WithLabelValues(outcome).Observe(took.Seconds())
}

// WebhookTried counts an attempt to tell a webhook: "delivered", "failed" or "given_up".
func (m *Metrics) WebhookTried(outcome string) { m.webhooks.WithLabelValues(outcome).Inc() }

// CronCame counts a time of a cron: "fired", "refused", "paused" or "failed".
func (m *Metrics) CronCame(outcome string) { m.crons.WithLabelValues(outcome).Inc() }

// ServeHTTP answers with all series in Prometheus' text format.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.text.ServeHTTP(w, r) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
