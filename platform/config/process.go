package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Variables that the development server sets for the server that it starts, and the default place of its data.
const (
	// EnvConfig is the path of platform.json; without it the server takes the copy that it was built with.
	EnvConfig = "LOCUTORY_CONFIG"
	// EnvDev is "1" under the development server.
	EnvDev = "LOCUTORY_DEV"
	// EnvOfflineModel is "1" when a scripted model may stand in for a provider that is not configured.
	EnvOfflineModel = "LOCUTORY_OFFLINE_MODEL"
	// EnvListenFD is the number of an inherited socket that listens already.
	EnvListenFD = "LOCUTORY_LISTEN_FD"
	// EnvReadyFD is the number of an inherited pipe that takes one line of JSON, see Ready.
	EnvReadyFD = "LOCUTORY_READY_FD"

	defaultDataDir = ".locutory/data"
)

// Process is what differs per machine. The zero value is not useful; ReadProcess fills in the defaults. A flag beats the
// environment, so commands set fields after ReadProcess.
type Process struct {
	Host string // HOST, 127.0.0.1
	Port int    // PORT, 2024; 0 takes any free one

	// PublicURL is LOCUTORY_PUBLIC_URL: the base URL that clients use, for links and the addresses of agent cards. Without one links are paths.
	PublicURL string

	DatabaseURI string // DATABASE_URI, empty is SQLite in DataDir
	RedisURI    string // REDIS_URI, must be empty for now
	DataDir     string // LOCUTORY_DATA_DIR, .locutory/data

	Workers      int           // N_JOBS_PER_WORKER, 10: runs at one time in this process; 0 serves the API only
	RunTimeout   time.Duration // BG_JOB_TIMEOUT_SECS, 3600 s
	RunAttempts  int           // BG_JOB_MAX_RETRIES, 3: how often a run is started whose worker is lost
	Lease        time.Duration // LOCUTORY_LEASE, 10s: how long a worker that went silent keeps its runs
	MaxBodyBytes int64         // HTTP_MAX_REQUEST_BODY_BYTES, 300 MiB
	LogLevel     slog.Level    // LOG_LEVEL, info
	LogJSON      bool          // LOG_JSON: the log is lines of JSON

	// KeepResumable is how long the events of a run stay after its end whose stream is resumable: RESUMABLE_STREAM_TTL_SECONDS, seven days.
	KeepResumable time.Duration

	// WebhookSecrets sign what webhooks are told, each with a signature of its own, so that one can be replaced by the next:
	// LOCUTORY_WEBHOOK_SECRET, separated by commas. Without one nothing is signed.
	WebhookSecrets []string
	// GraphSettings are what the assistants that graphs have by themselves begin with: LANGGRAPH_CONFIG, an object from graph id to a
	// config, with the context beside its fields.
	GraphSettings map[string]json.RawMessage

	// MetricsToken is the bearer token that GET /metrics wants, LOCUTORY_METRICS_TOKEN; MetricsAddr is where the numbers are served besides,
	// to whoever reaches that address: LOCUTORY_METRICS_ADDR, "127.0.0.1:9464".
	MetricsToken, MetricsAddr string
	// TestEndpoints adds POST /internal/truncate, which deletes everyone's rows, on a server that listens on loopback:
	// LOCUTORY_TEST_ENDPOINTS.
	TestEndpoints bool

	// Insecure permits a server without auth to be reached from other machines. There is no variable for it.
	Insecure bool

	ConfigPath        string // EnvConfig
	Dev, OfflineModel bool   // EnvDev, EnvOfflineModel
	ListenFD, ReadyFD int    // EnvListenFD, EnvReadyFD; 0 is none
}

// ReadProcess reads the settings from the environment; lookup is os.LookupEnv. It is called after LoadEnv, so that the env
// file may hold them. All errors come joined and name their variable; the settings are complete all the same, so that a flag
// can be set in place of a default. An empty variable counts as not set.
func ReadProcess(lookup func(name string) (string, bool)) (Process, error) {
	v := &variables{lookup: lookup}
	p := Process{
		Host:         v.text("HOST", "127.0.0.1"),
		Port:         v.number("PORT", 2024, 0, 65535),
		PublicURL:    v.url("LOCUTORY_PUBLIC_URL"),
		DatabaseURI:  v.text("DATABASE_URI", ""),
		RedisURI:     v.text("REDIS_URI", ""),
		DataDir:      v.text("LOCUTORY_DATA_DIR", defaultDataDir),
		Workers:      v.number("N_JOBS_PER_WORKER", 10, 0, 10_000),
		RunTimeout:   time.Duration(v.number("BG_JOB_TIMEOUT_SECS", 3600, 1, 365*24*3600)) * time.Second,
		RunAttempts:  v.number("BG_JOB_MAX_RETRIES", 3, 1, 1000),
		Lease:        v.duration("LOCUTORY_LEASE", 10*time.Second, 100*time.Millisecond, time.Hour),
		MaxBodyBytes: int64(v.number("HTTP_MAX_REQUEST_BODY_BYTES", 300<<20, 1, 1<<40)),
		LogLevel:     v.level("LOG_LEVEL"),
		LogJSON:      v.flag("LOG_JSON"),
		ConfigPath:   v.text(EnvConfig, ""),
		Dev:          v.flag(EnvDev),
		OfflineModel: v.flag(EnvOfflineModel),
		ListenFD:     v.number(EnvListenFD, 0, 3, 1<<20),
		ReadyFD:      v.number(EnvReadyFD, 0, 3, 1<<20),

		KeepResumable: time.Duration(v.number("RESUMABLE_STREAM_TTL_SECONDS", 7*24*3600, 1, 365*24*3600)) * time.Second,

		WebhookSecrets: v.secrets("LOCUTORY_WEBHOOK_SECRET"),
		GraphSettings:  v.objects("LANGGRAPH_CONFIG"),
		MetricsToken:   v.text("LOCUTORY_METRICS_TOKEN", ""),
		MetricsAddr:    v.address("LOCUTORY_METRICS_ADDR"),
		TestEndpoints:  v.flag("LOCUTORY_TEST_ENDPOINTS"),
	}
	if p.RedisURI != "" {
		v.wrong("REDIS_URI: not supported yet; unset it")
	}
	v.refuseElsewhere()
	return p, errors.Join(v.errs...)
}

// variables reads the environment and collects what is wrong with it.
type variables struct {
	lookup func(string) (string, bool)
	errs   []error
}

func (v *variables) wrong(format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf(format, args...))
}

func (v *variables) text(name, otherwise string) string {
	if s, ok := v.lookup(name); ok && s != "" {
		return s
	}
	return otherwise
}

func (v *variables) number(name string, otherwise, least, most int) int {
	s := v.text(name, "")
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		v.wrong("%s: %q; want a whole number from %d to %d", name, s, least, most)
		return otherwise
	}
	return n
}

// address reads a host and port to listen on. A port alone is on this machine only.
func (v *variables) address(name string) string {
	s := v.text(name, "")
	if s == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(s)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 {
		v.wrong("%s: %q; want a host and a port such as 127.0.0.1:9464", name, s)
		return ""
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func (v *variables) duration(name string, otherwise, least, most time.Duration) time.Duration {
	s := v.text(name, "")
	if s == "" {
		return otherwise
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < least || d > most {
		v.wrong("%s: %q; want a duration such as 10s, from %s to %s", name, s, least, most)
		return otherwise
	}
	return d
}

// url reads where people reach the server.
func (v *variables) url(name string) string {
	s := v.text(name, "")
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		v.wrong("%s: want a URL such as https://agents.example.com, without user, query and fragment", name)
		return ""
	}
	return strings.TrimSuffix(s, "/")
}

func (v *variables) flag(name string) bool {
	s := v.text(name, "")
	on, err := strconv.ParseBool(s)
	if s != "" && err != nil {
		v.wrong("%s: %q; want 1 or 0", name, s)
	}
	return on
}

// secrets reads a list without telling what is in it.
func (v *variables) secrets(name string) []string {
	var out []string
	for secret := range strings.SplitSeq(v.text(name, ""), ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			out = append(out, secret)
		}
	}
	return out
}

func (v *variables) objects(name string) map[string]json.RawMessage {
	s := v.text(name, "")
	if s == "" {
		return nil
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		v.wrong(`%s: want a JSON object such as {"agent": {"configurable": {}}}: %w`, name, err)
	}
	return out
}

// level takes the words of slog and WARNING and CRITICAL, which operators of other servers write.
func (v *variables) level(name string) slog.Level {
	s := v.text(name, "info")
	switch strings.ToUpper(s) {
	case "WARNING":
		return slog.LevelWarn
	case "CRITICAL", "FATAL":
		return slog.LevelError
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(s)); err != nil {
		v.wrong("%s: %q; want debug, info, warn or error", name, s)
	}
	return level
}
