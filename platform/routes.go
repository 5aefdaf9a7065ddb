package platform

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/api"
)

// routes prints the table of the routes that are served with the rule that answers each event, without opening the database.
func (f *flags) routes(cmd *cobra.Command, parts Parts) error {
	cfg, err := f.load(cmd, parts)
	if err != nil {
		return err
	}
	auth, err := loadAuth(cmd.Context(), parts, cfg.File)
	if err != nil {
		return err
	}
	app, err := loadApp(cmd.Context(), parts, cfg.File)
	if err != nil {
		return err
	}
	routes, disabled, prefix := new(api.Server).Routes(), cfg.File.HTTP.Disabled, cfg.File.HTTP.MountPrefix
	custom, all, err := api.AppRoutes(app.beside(), routes, disabled)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, route := range api.Served(routes, app.beside(), disabled) {
		method, path := route.Method, prefix+route.Path
		switch {
		case route.Public():
			fmt.Fprintf(table, "%s\t%s\tpublic\t\n", method, path)
			continue
		case route.Operator():
			fmt.Fprintf(table, "%s\t%s\toperator\t\n", method, path)
			continue
		}
		for _, event := range route.Events {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", method, path, event, answers(auth, event, cfg.unhandled()))
			method, path = "", ""
		}
	}
	for _, route := range custom {
		policy := "authenticated"
		if route.Public {
			policy = "public"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", route.Method, prefix+route.Path, policy, parts.AppSymbol)
	}
	if !all {
		fmt.Fprintf(table, "*\t%s/…\tauthenticated\t%s does not list its other routes\n", prefix, parts.AppSymbol)
	}
	return table.Flush()
}

// answers names the rule that decides an event.
func answers(auth *authhooks.Auth, event, unhandled string) string {
	if auth == nil {
		return "no hooks"
	}
	resource, action, _ := strings.Cut(strings.Trim(event, "()"), ":")
	if rule := auth.RuleFor(authhooks.Resource(resource), authhooks.Action(action)); rule != "" {
		return rule
	}
	return "no rule: " + unhandled
}
