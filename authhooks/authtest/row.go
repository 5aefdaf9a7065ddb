package authtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/locutory/locutory/authhooks"
)

// Row is what a call made: what the server would have stored of it that rules can decide by.
type Row struct {
	Metadata  authhooks.Metadata // of a store item: the server-owned part alone
	Namespace []string           // of a store item: where it is in the end
	Key       string
	Partition string

	asked []string // the namespace that the client named
}

// String shows the row in failures.
func (r Row) String() string {
	text, err := json.Marshal(r.Metadata)
	if err != nil {
		text = fmt.Append(nil, r.Metadata)
	}
	if r.Key == "" {
		return string(text)
	}
	return fmt.Sprintf("%s/%s in partition %q with %s", strings.Join(r.Namespace, "."), r.Key, r.Partition, text)
}

// create asks for what makes a row and returns it.
func (a *Actor) create(v authhooks.Value, sent map[string]any) (Row, error) {
	switch v := v.(type) {
	case *authhooks.ThreadsCreate:
		v.Metadata = merge(v.Metadata, sent)
		answer, err := a.decide(v)
		return made(v.Metadata, answer, err)
	case *authhooks.RunsCreate: // a run that makes its thread is asked as both
		thread := &authhooks.ThreadsCreate{Metadata: merge(nil, sent)}
		row, err := a.create(thread, nil)
		if err != nil {
			return Row{}, err
		}
		answer, err := a.decide(v)
		return made(row.Metadata, answer, err)
	case *authhooks.AssistantsCreate:
		v.Metadata = merge(v.Metadata, sent)
		answer, err := a.decide(v)
		return made(v.Metadata, answer, err)
	case *authhooks.CronsCreate:
		v.Metadata = merge(v.Metadata, sent)
		answer, err := a.decide(v)
		return made(v.Metadata, answer, err)
	case *authhooks.StorePut:
		return a.put(v)
	default:
		return Row{}, fmt.Errorf("%s makes no row", eventOf(v))
	}
}

func (a *Actor) put(v *authhooks.StorePut) (Row, error) {
	asked := slices.Clone(v.Namespace)
	answer, err := a.decide(v)
	row, err := made(nil, answer, err)
	row.asked, row.Namespace, row.Key, row.Partition = asked, v.Namespace, v.Key, answer.Partition
	return row, err
}

// made is the row with its stamps, which win. It must pass the filter of the call that made it.
func made(metadata map[string]any, answer authhooks.Answer, err error) (Row, error) {
	if err != nil {
		return Row{}, err
	}
	row := Row{Metadata: merge(metadata, answer.Stamp)}
	if answer.Filter != nil && !answer.Filter.Match(row.Metadata) {
		return row, fmt.Errorf("the new row %s does not pass its own filter %s (%s); the server answers 500", row, answer.Filter, answer.Rule)
	}
	return row, nil
}

// sight is whether a call reaches a row, and why.
type sight struct {
	ok  bool
	why string
}

// reach decides v and looks whether the answer lets it come to the row.
func (a *Actor) reach(v authhooks.Value, row Row) (sight, error) {
	aim(v, row.asked, row.Key)
	answer, err := a.decide(v)
	if errors.Is(err, authhooks.ErrUnhandled) {
		return sight{}, fmt.Errorf("%w: no rule matches, so the server denies it", err)
	}
	if err != nil {
		return sight{}, err
	}
	if answer.Filter != nil && !answer.Filter.Match(row.Metadata) {
		return sight{false, fmt.Sprintf("the filter %s of %s does not match it", answer.Filter, answer.Rule)}, nil
	}
	if why := elsewhere(v, answer, row); why != "" {
		return sight{false, why + " (" + answer.Rule + ")"}, nil
	}
	if answer.Filter == nil {
		return sight{true, answer.Rule + " allows every row"}, nil
	}
	return sight{true, fmt.Sprintf("the filter %s of %s matches it", answer.Filter, answer.Rule)}, nil
}

// aim points a store value at an item, unless it already names one.
func aim(v authhooks.Value, namespace []string, key string) {
	point := func(ns *[]string, k *string) {
		if *ns == nil {
			*ns = slices.Clone(namespace)
		}
		if k != nil && *k == "" {
			*k = key
		}
	}
	switch v := v.(type) {
	case *authhooks.StorePut:
		point(&v.Namespace, &v.Key)
	case *authhooks.StoreGet:
		point(&v.Namespace, &v.Key)
	case *authhooks.StoreDelete:
		point(&v.Namespace, &v.Key)
	case *authhooks.StoreSearch:
		point(&v.Namespace, nil)
	case *authhooks.StoreListNamespaces:
		point(&v.Namespace, nil)
	}
}

// elsewhere says why the call looks at another place than the row's, or "".
func elsewhere(v authhooks.Value, answer authhooks.Answer, row Row) string {
	if resource, _ := authhooks.Event(v); resource == authhooks.Store && answer.Partition != row.Partition {
		return fmt.Sprintf("it looks in partition %q", answer.Partition)
	}
	exact := func(namespace []string, key string) string {
		if slices.Equal(namespace, row.Namespace) && key == row.Key {
			return ""
		}
		return fmt.Sprintf("it looks at %v/%s", namespace, key)
	}
	under := func(prefix []string) string {
		if len(prefix) <= len(row.Namespace) && slices.Equal(prefix, row.Namespace[:len(prefix)]) {
			return ""
		}
		return fmt.Sprintf("it looks under %v", prefix)
	}
	having := func(wanted map[string]any) string {
		if contains(row.Metadata, wanted) {
			return ""
		}
		return fmt.Sprintf("it looks for rows with %v", wanted)
	}
	switch v := v.(type) {
	case *authhooks.StorePut:
		return exact(v.Namespace, v.Key)
	case *authhooks.StoreGet:
		return exact(v.Namespace, v.Key)
	case *authhooks.StoreDelete:
		return exact(v.Namespace, v.Key)
	case *authhooks.StoreSearch:
		return under(v.Namespace)
	case *authhooks.StoreListNamespaces:
		return under(v.Namespace)
	case *authhooks.ThreadsSearch:
		return having(v.Metadata)
	case *authhooks.AssistantsSearch:
		return having(v.Metadata)
	case *authhooks.CronsSearch:
		return having(v.Metadata)
	default:
		return ""
	}
}

// contains reports whether metadata has all that a search asks for.
func contains(metadata, wanted map[string]any) bool {
	for k, want := range wanted {
		a, errA := json.Marshal(want)
		b, errB := json.Marshal(metadata[k])
		if _, ok := metadata[k]; !ok || errA != nil || errB != nil || string(a) != string(b) {
			return false
		}
	}
	return true
}

// merge returns a new map with all of both; over wins.
func merge(base, over map[string]any) map[string]any {
	out := make(map[string]any, len(base)+len(over))
	maps.Copy(out, base)
	maps.Copy(out, over)
	return out
}
