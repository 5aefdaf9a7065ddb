package platform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/store"
)

// Main runs the command line of a built server: serve, which is what no command means, worker, migrate and routes. It does not
// return.
func Main(parts Parts) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // measured: a fifth less processor time per run for some 30 MiB
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Execute(ctx, parts, os.Args[1:])
	stop()
	os.Exit(code)
}

// Execute runs one command line and returns the exit status: 0, 2 for a mistake in platform.json, 1 for the rest.
func Execute(ctx context.Context, parts Parts, args []string) int {
	root := command(parts)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var mistakes *config.Mistake
	switch {
	case err == nil:
		return 0
	case errors.As(err, &mistakes):
		fmt.Fprintln(os.Stderr, err)
		return 2
	default:
		fmt.Fprintln(os.Stderr, "locutory:", err)
		return 1
	}
}

// Version is the version of the module that this program was built with, "(devel)" for a checkout.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	if info.Main.Path == modulePath {
		return info.Main.Version
	}
	for _, dep := range info.Deps {
		if dep.Path != modulePath {
			continue
		}
		if dep.Replace != nil {
			return "(devel)"
		}
		return dep.Version
	}
	return "(unknown)"
}

const modulePath = "github.com/locutory/locutory"

// flags of the commands beat the environment.
type flags struct {
	config, host string
	port         int
	workers      int
	insecure     bool
	verbose      bool
}

func command(parts Parts) *cobra.Command {
	var f flags
	root := &cobra.Command{
		Use: "locutory", Short: "An agent server with its graphs and hooks compiled in",
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
	}
	serve := &cobra.Command{
		Use: "serve", Short: "Serve the API and execute runs", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.serve(cmd, parts) },
	}
	worker := &cobra.Command{
		Use: "worker", Short: "Execute runs and serve nothing, beside servers on the same database", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.worker(cmd, parts) },
	}
	migrate := &cobra.Command{
		Use: "migrate", Short: "Bring the database's schema up to date", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.migrate(cmd, parts) },
	}
	routes := &cobra.Command{
		Use: "routes", Short: "Print each route with the events that it asks and the rule that answers", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.routes(cmd, parts) },
	}
	root.RunE = serve.RunE
	persistent := root.PersistentFlags()
	persistent.StringVar(&f.config, "config", "", "platform.json to read in place of the one that was built in")
	for _, set := range []*cobra.Command{root, serve, worker} {
		set.Flags().IntVar(&f.workers, "workers", 10, "runs executed at one time; 0 serves the API only")
		set.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "log every decision and request detail")
	}
	for _, set := range []*cobra.Command{root, serve} {
		set.Flags().StringVar(&f.host, "host", "127.0.0.1", "address to listen on")
		set.Flags().IntVar(&f.port, "port", 2024, "port to listen on")
		set.Flags().BoolVar(&f.insecure, "insecure", false, `serve without "auth" beyond this machine`)
	}
	root.AddCommand(serve, worker, migrate, routes)
	return root
}

// load reads platform.json, the process environment and the env file, in this order, and lets the flags have the last word.
func (f *flags) load(cmd *cobra.Command, parts Parts) (Config, error) {
	process, err := config.ReadProcess(os.LookupEnv)
	if err != nil {
		return Config{}, err
	}
	if f.config != "" {
		process.ConfigPath = f.config
	}
	file, err := parts.file(process.ConfigPath)
	if err != nil {
		return Config{}, err
	}
	set, err := file.LoadEnv()
	if err != nil {
		return Config{}, err
	}
	if len(set) > 0 { // the env file may hold settings of the process, too
		path := process.ConfigPath
		if process, err = config.ReadProcess(os.LookupEnv); err != nil {
			return Config{}, err
		}
		process.ConfigPath = path
	}
	changed := func(name string) bool { flag := cmd.Flags().Lookup(name); return flag != nil && flag.Changed }
	if changed("host") {
		process.Host = f.host
	}
	if changed("port") {
		process.Port = f.port
	}
	if changed("workers") {
		process.Workers = f.workers
	}
	process.Insecure = f.insecure
	level := process.LogLevel
	if f.verbose {
		level = slog.LevelDebug
	}
	options := &slog.HandlerOptions{Level: level}
	var lines slog.Handler = slog.NewTextHandler(os.Stderr, options)
	if process.LogJSON {
		lines = slog.NewJSONHandler(os.Stderr, options)
	}
	return Config{Parts: parts, File: file, Process: process, Log: slog.New(lines)}, nil
}

// file returns the configuration: the file when one is named, else the text that was built in.
func (p Parts) file(path string) (*config.Config, error) {
	if path != "" {
		return config.Load(path)
	}
	return config.Parse("platform.json", []byte(p.Platform))
}

func (f *flags) migrate(cmd *cobra.Command, parts Parts) error {
	cfg, err := f.load(cmd, parts)
	if err != nil {
		return err
	}
	db, err := store.Open(cmd.Context(), store.Config{URI: cfg.database(), Indexed: cfg.File.Index(), Log: cfg.Log})
	if err != nil {
		return err
	}
	cmd.Printf("%s is up to date\n", db.Dialect())
	return db.Close()
}
