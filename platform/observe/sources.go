package observe

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Sources are what gauges are read from. What is nil has no series.
type Sources struct {
	// Queue counts the unfinished runs of the whole database. It is asked at most once a second.
	Queue func(ctx context.Context) (pending, running int, err error)
	// Workers is how many runs this process executes at most; 0 means that it executes none, and that Active is not asked.
	Workers int
	Active  func() int
	// Streams counts the streams and waits that are open in this process.
	Streams func() int
	// Pools are the database's connections.
	Pools func() []Pool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Pool is how a pool of database connections stands.
type Pool struct {
	// Name begins the names of its series: "pg" or "sqlite". Kind tells pools of one name apart, "" when there is only one.
	Name, Kind string
	// Max is the greatest size, 0 for none. Open connections are InUse or idle.
	Max, Open, InUse int
	// Waits is how often somebody had to wait for a connection, and Waited how long all of them did.
	Waits  int64
	Waited time.Duration
}

// queueEvery is how long a count of the queue is good for, and queueTimeout how long it may take.
const (
	queueEvery   = time.Second
	queueTimeout = 2 * time.Second
)

// Watch adds the gauges of s. It is called once.
func (m *Metrics) Watch(s Sources) {
	if s.Now == nil {
		s.Now = time.Now
	}
	m.registry.MustRegister(&gauges{Sources: s, metrics: m})
}

// gauges reads the sources whenever somebody asks for the numbers.
type gauges struct {
	Sources
	metrics *Metrics

	mu               sync.Mutex
	asked            time.Time
	pending, running int
	known            bool
}

// Describe implements prometheus.Collector. It tells nothing: which series there are depends on the sources.
func (g *gauges) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	tell := func(kind prometheus.ValueType, name, help string, value float64, labels ...string) {
		var names []string
		if len(labels) > 0 {
			names = []string{"pool"}
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, value, labels...)
	}
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	if pending, running, ok := g.queue(); ok {
		tell(gauge, "lg_api_num_pending_runs", "Runs that wait, in the whole database.", float64(pending))
		tell(gauge, "lg_api_num_running_runs", "Runs that are executed, in the whole database.", float64(running))
	}
	if g.Workers > 0 {
		active := g.Active()
		tell(gauge, "lg_api_workers_max", "Runs that this process executes at most at one time.", float64(g.Workers))
		tell(gauge, "lg_api_workers_active", "Runs that this process executes.", float64(active))
		tell(gauge, "lg_api_workers_available", "Runs that this process could execute besides.", float64(max(g.Workers-active, 0)))
	}
	if g.Streams != nil {
		tell(gauge, "locutory_open_streams", "Streams and waits that are open in this process.", float64(g.Streams()))
	}
	if g.Pools == nil {
		return
	}
	for _, p := range g.Pools() {
		var kind []string
		if p.Kind != "" {
			kind = []string{p.Kind}
		}
		name := "lg_api_" + p.Name + "_pool_"
		tell(gauge, name+"max", "Connections to the database at most, 0 for no limit.", float64(p.Max), kind...)
		tell(gauge, name+"size", "Connections to the database that are open.", float64(p.Open), kind...)
		tell(gauge, name+"available", "Open connections to the database that nobody uses.", float64(p.Open-p.InUse), kind...)
		tell(counter, name+"requests_queued_total", "How often somebody waited for a connection.", float64(p.Waits), kind...)
		tell(counter, name+"requests_wait_ms_total", "How long all who waited for a connection did.", milliseconds(p.Waited), kind...)
	}
}

// queue counts the queue, or says what it counted less than a second ago. Who asks meanwhile waits for that answer.
func (g *gauges) queue() (pending, running int, ok bool) {
	if g.Queue == nil {
		return 0, 0, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.asked.IsZero() && g.Now().Sub(g.asked) < queueEvery {
		return g.pending, g.running, g.known
	}
	ctx, cancel := context.WithTimeout(context.Background(), queueTimeout)
	defer cancel()
	var err error
	g.pending, g.running, err = g.Queue(ctx)
	g.asked, g.known = g.Now(), err == nil
	if err != nil {
		g.metrics.log.Warn("metrics: the queue could not be counted", "error", err)
	}
	return g.pending, g.running, g.known
}
