package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// copyThread answers POST /threads/{id}/copy (rest.md §4.4): who may read the thread and make one of its own gets a thread with the same
// state. What the hooks have stamped on the source stays there; the copy is stamped for who makes it (H-28, H-33).
func (s *Server) copyThread(ctx context.Context, c *call) error {
	source, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	read, err := s.readThread(ctx, authhooks.Facts{ThreadID: source})
	if err != nil {
		return err
	}
	from, err := s.DB.Threads.Get(ctx, read, source)
	if err != nil {
		return named(err, detailThread, source)
	}
	id := s.NewID()
	var metadata wire.Object
	if err := decode(from.Metadata, &metadata); err != nil {
		return err
	}
	for _, key := range from.Owned {
		delete(metadata, key)
	}
	metadata["thread_id"] = id
	value := &authhooks.ThreadsCreate{Metadata: metadata}
	authhooks.SetFacts(value, authhooks.Facts{ThreadID: id, IfExists: string(wire.IfExistsRaise), SourceThreadID: source})
	create, err := s.Guard.Threads(ctx, value)
	if err != nil {
		return err
	}
	row, err := s.DB.Threads.Copy(ctx, read, create, store.ThreadCopy{SourceID: source, ID: id, Metadata: value.Metadata})
	if err != nil {
		return named(err, detailThread, source)
	}
	return c.thread(http.StatusOK, row)
}

// pruneThreads answers POST /threads/prune (rest.md §4.5). The hook is asked about each thread, and one denial refuses them all; threads
// that an answer does not reach are not counted, as if they were not there.
func (s *Server) pruneThreads(ctx context.Context, c *call) error {
	var in wire.ThreadPrune
	if err := body(c, &in); err != nil {
		return err
	}
	if in.Strategy == "" {
		in.Strategy = wire.TTLDelete
	}
	in.ThreadIDs = lowered(in.ThreadIDs)
	slices.Sort(in.ThreadIDs)
	var threads []store.ThreadPrune
	for _, id := range slices.Compact(in.ThreadIDs) {
		value := &authhooks.ThreadsDelete{}
		authhooks.SetFacts(value, authhooks.Facts{ThreadID: id})
		scope, err := s.Guard.Threads(ctx, value)
		if access.Hidden(err) {
			continue
		}
		if err != nil {
			return err
		}
		threads = append(threads, store.ThreadPrune{ID: id, Scope: scope})
	}
	n, err := s.DB.Threads.Prune(ctx, threads, string(in.Strategy))
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.ThreadPruned{PrunedCount: n})
}

// threadStorage answers GET /threads/{id}/storage.
func (s *Server) threadStorage(ctx context.Context, c *call) error {
	id, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	read, err := s.readThread(ctx, authhooks.Facts{ThreadID: id})
	if err != nil {
		return err
	}
	stored, err := s.DB.Threads.Storage(ctx, read, id)
	if err != nil {
		return named(err, detailThread, id)
	}
	out := wire.ThreadStorage{
		ThreadID:    id,
		TotalBytes:  stored.Checkpoints.Bytes + stored.Values.Bytes + stored.Writes.Bytes,
		Checkpoints: wire.StoredRows(stored.Checkpoints),
		ChannelValues: wire.StoredChannels{
			StoredRows: wire.StoredRows(stored.Values), ByChannel: make(map[string]wire.StoredVersions, len(stored.ByChannel)),
		},
		PendingWrites: wire.StoredRows(stored.Writes),
	}
	for channel, of := range stored.ByChannel {
		out.ChannelValues.ByChannel[channel] = wire.StoredVersions{Versions: of.Count, Bytes: of.Bytes}
	}
	return c.json(http.StatusOK, out)
}
