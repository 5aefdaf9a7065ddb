package cli

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/dev"
)

func (p *program) devCommand() *cobra.Command {
	var file, host string
	var port int
	var noReload, noBrowser, verbose bool
	cmd := &cobra.Command{
		Use: "dev", Short: "Run the project here, and again after each change", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			process, err := config.ReadProcess(os.LookupEnv)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("host") {
				host = process.Host
			}
			if !cmd.Flags().Changed("port") {
				port = process.Port
			}
			c := dev.Config{
				File: file, Host: host, Port: port, Reload: !noReload, Verbose: verbose,
				Stdout: p.stdout, Stderr: p.stderr, Builder: p.builder,
			}
			if !noBrowser && isTerminal(p.stdout) {
				c.Open = func(url string) error { return openBrowser(cmd.Context(), url) }
			}
			return dev.Run(cmd.Context(), c)
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&host, "host", "127.0.0.1", "address to listen on")
	cmd.Flags().IntVar(&port, "port", 2024, "port to listen on, 0 for any free one")
	cmd.Flags().BoolVar(&noReload, "no-reload", false, "build once, and end when the server ends")
	cmd.Flags().BoolVar(&noBrowser, "no-browser", false, "do not open the Studio")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log each request")
	return cmd
}

// openBrowser asks the desktop to show a page.
func openBrowser(ctx context.Context, url string) error {
	switch runtime.GOOS {
	case "darwin":
		return exec.CommandContext(ctx, "open", url).Run()
	case "windows":
		return exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", url).Run()
	default:
		return exec.CommandContext(ctx, "xdg-open", url).Run()
	}
}

// isTerminal tells whether a person looks at what is written.
func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}
