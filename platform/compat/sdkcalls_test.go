package compat

import (
	"errors"
	"testing"

	"github.com/locutory/locutory/sdk"
)

// TestSDKCalls drives assistants' versions and many runs through the Go client.
func TestSDKCalls(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(nested()), uri)
		client, err := sdk.New(sdk.Config{URL: s.URL, Token: alice})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		made, err := client.Assistants.Create(ctx, sdk.AssistantCreate{GraphID: "nested", Name: "one"})
		check(err)
		two := "two"
		_, err = client.Assistants.Patch(ctx, made.AssistantID, sdk.AssistantPatch{Name: &two})
		check(err)
		versions, err := client.Assistants.Versions(ctx, made.AssistantID, sdk.AssistantVersions{})
		check(err)
		back, err := client.Assistants.SetLatest(ctx, made.AssistantID, versions[len(versions)-1].Version)
		check(err)
		if len(versions) != 2 || back.Name != "one" || back.Version != 1 {
			t.Errorf("versions %+v, back %+v", versions, back)
		}
		schemas, err := client.Assistants.Schemas(ctx, made.AssistantID)
		check(err)
		subgraphs, err := client.Assistants.Subgraphs(ctx, made.AssistantID, true)
		check(err)
		one, err := client.Assistants.Subgraph(ctx, made.AssistantID, "outer|inner", false)
		check(err)
		if len(one) != 1 || one["outer|inner"].GraphID != subgraphs["outer|inner"].GraphID {
			t.Errorf("%d subgraphs at a namespace of %d", len(one), len(subgraphs))
		}
		closed, err := client.Assistants.Graph(ctx, made.AssistantID, 0)
		check(err)
		open, err := client.Assistants.Graph(ctx, made.AssistantID, 2)
		check(err)
		if schemas.GraphID != "nested" || len(subgraphs) != 2 || len(closed.Nodes) != 3 || len(open.Nodes) < 3 {
			t.Errorf("schemas of %s, %d subgraphs, %d nodes opened from %d", schemas.GraphID, len(subgraphs), len(open.Nodes), len(closed.Nodes))
		}

		ask := sdk.RunCreate{
			AssistantID: made.AssistantID, Input: sdk.Messages(sdk.Human("later")), AfterSeconds: 3600, OnCompletion: "keep",
		}
		runs, err := client.Runs.CreateBatch(ctx, []sdk.RunCreate{ask, ask})
		check(err)
		check(client.Runs.CancelMany(ctx, sdk.BulkCancel{ThreadID: runs[0].ThreadID, RunIDs: []string{runs[0].RunID}}, ""))
		check(client.Runs.CancelMany(ctx, sdk.BulkCancel{Status: sdk.CancelAll}, sdk.CancelRollback))
		first, err := client.Runs.Get(ctx, runs[0].ThreadID, runs[0].RunID)
		check(err)
		_, err = client.Runs.Get(ctx, runs[1].ThreadID, runs[1].RunID)
		var refused *sdk.Error
		if first.Status != sdk.RunInterrupted || !errors.As(err, &refused) || refused.Status != 404 {
			t.Errorf("the named run is %s, the other: %v", first.Status, err)
		}
		if err := client.Runs.CancelMany(ctx, sdk.BulkCancel{Status: sdk.CancelAll}, ""); !errors.As(err, &refused) || refused.Status != 404 {
			t.Errorf("nothing left to cancel: %v", err)
		}
		check(client.Assistants.DeleteWithThreads(ctx, made.AssistantID))
		if _, err := client.Threads.Get(ctx, runs[0].ThreadID); !errors.As(err, &refused) || refused.Status != 404 {
			t.Errorf("a thread of the deleted assistant: %v", err)
		}
	})
}
