package openapi

import (
	"net/http"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/locutory/locutory/platform/wire"
)

const noThread = "There is no such thread."

func threadOperations() []Operation {
	return []Operation{
		{
			Route: "POST /threads", ID: "createThread", Does: "Create a thread",
			Note: "A thread is a conversation: its state, and the runs that made it.",
			Body: takes[wire.ThreadCreate]("What it begins with."),
			Answers: []Answer{
				gives("The thread, or the one that is there with if_exists do_nothing.", of[wire.Thread]()),
				refuses(http.StatusNotFound, "There is no graph for the supersteps."),
				refuses(http.StatusConflict, "The id is taken."),
				refuses(http.StatusServiceUnavailable, "The graph for the supersteps does not load, or the server did not get to it in time."),
			},
		},
		{
			Route: "POST /threads/search", ID: "searchThreads", Does: "Search threads",
			Note:    "Metadata and values match by containment. What is extracted is found by paths such as values.messages[-1].",
			Body:    takes[wire.ThreadSearch]("What to look for."),
			Answers: []Answer{gives("A page of threads.", selection[wire.Thread](), pagination()...)},
		},
		{
			Route: "POST /threads/count", ID: "countThreads", Does: "Count threads",
			Body: takes[wire.ThreadCount]("What to look for."), Answers: []Answer{count("threads")},
		},
		{
			Route: "POST /threads/prune", ID: "pruneThreads", Does: "Delete threads, or all but their newest states",
			Note: "Threads that are not there, or not the caller's, are not counted. All others are pruned together or not at all.",
			Body: takes[wire.ThreadPrune]("Which threads, and how.").needed(),
			Answers: []Answer{
				gives("How many there were.", of[wire.ThreadPruned]()), refuses(http.StatusConflict, "A thread that is to be kept has an unfinished run."),
			},
		},
		{
			Route: "GET /threads/:thread_id", ID: "getThread", Does: "Get a thread",
			Parameters: []Parameter{query("include", "What to show beside it: ttl.", words())},
			Answers:    []Answer{gives("The thread.", of[wire.Thread]()), refuses(http.StatusNotFound, noThread)},
		},
		{
			Route: "PATCH /threads/:thread_id", ID: "updateThread", Does: "Change a thread's metadata and time to live",
			Note:       "Metadata is merged.",
			Parameters: []Parameter{header("Prefer", "return=minimal asks for an answer without body.", text())},
			Body:       takes[wire.ThreadPatch]("The changes."),
			Answers: []Answer{
				gives("The thread as it is now.", of[wire.Thread]()), nothing(http.StatusNoContent, "It is changed."), refuses(http.StatusNotFound, noThread),
			},
		},
		{
			Route: "DELETE /threads/:thread_id", ID: "deleteThread", Does: "Delete a thread with its runs and states",
			Answers: []Answer{nothing(http.StatusNoContent, "It is gone."), refuses(http.StatusNotFound, noThread)},
		},
		{
			Route: "POST /threads/:thread_id/copy", ID: "copyThread", Does: "Copy a thread",
			Answers: []Answer{
				gives("The new thread.", of[wire.Thread]()), refuses(http.StatusNotFound, noThread),
				refuses(http.StatusConflict, "The thread has an unfinished run."),
			},
		},
		{
			Route: "GET /threads/:thread_id/stream", ID: "streamThread", Does: "Follow all runs of a thread",
			Note: "The stream goes on from run to run until the client leaves. Each frame has an event, data and an id to go on from.",
			Parameters: []Parameter{
				query("stream_mode", "Which events: run_modes, lifecycle, state_update; run_modes when absent.", words()),
				query("stream_modes", "The same by another name.", words()),
				lastEventID("Go on after this id; - is the beginning. Without it, the stream begins with the run that is under way, or the next."),
			},
			Answers: []Answer{
				streams("Server-sent events.", has("Location")), refuses(http.StatusNotFound, noThread),
			},
		},
		{
			Route: "GET /threads/:thread_id/storage", ID: "getThreadStorage", Does: "Measure what a thread takes in the database",
			Answers: []Answer{gives("Rows and bytes.", of[wire.ThreadStorage]()), refuses(http.StatusNotFound, noThread)},
		},
	}
}

func stateOperations() []Operation {
	subgraphs := flag("subgraphs", "Show the states of the tasks' subgraphs in them.")
	fields := query("select", "Only these fields of a state; values.KEY is one of its values.", words())
	const noState = "There is no such thread, or no such checkpoint."
	return []Operation{
		{
			Route: "GET /threads/:thread_id/state", ID: "getThreadState", Does: "Get a thread's newest state",
			Parameters: []Parameter{subgraphs, fields},
			Answers:    []Answer{gives("The state; an empty one before the first run.", selected[wire.ThreadState]()), refuses(http.StatusNotFound, noThread)},
		},
		{
			Route: "POST /threads/:thread_id/state", ID: "updateThreadState", Does: "Write to a thread's state",
			Note: "The values are written as if the node as_node had returned them.",
			Body: takes[wire.StateUpdate]("What to write."),
			Answers: []Answer{
				gives("The checkpoint that was made.", of[wire.StateUpdated]()), refuses(http.StatusNotFound, noState),
				refuses(http.StatusConflict, "The thread has an unfinished run."),
				refuses(http.StatusServiceUnavailable, "The graph does not load, or the server did not get to it in time."),
			},
		},
		{
			Route: "GET /threads/:thread_id/state/:checkpoint_id", ID: "getThreadStateAt", Does: "Get a thread's state at a checkpoint",
			Parameters: []Parameter{subgraphs, fields},
			Answers:    []Answer{gives("The state.", selected[wire.ThreadState]()), refuses(http.StatusNotFound, noState)},
		},
		{
			Route: "POST /threads/:thread_id/state/checkpoint", ID: "findThreadState", Does: "Get a thread's state at a checkpoint, of a subgraph, too",
			Body:    takes[wire.StateAt]("Which checkpoint; the newest when absent."),
			Answers: []Answer{gives("The state.", selected[wire.ThreadState]()), refuses(http.StatusNotFound, noState)},
		},
		{
			Route: "GET /threads/:thread_id/history", ID: "listThreadHistory", Does: "List a thread's states, the newest first",
			Parameters: []Parameter{
				query("limit", "At most so many.", integer(1, wire.MaxLimit)), query("before", "Only those before this checkpoint.", text()), fields,
			},
			Answers: []Answer{gives("The states.", selection[wire.ThreadState]()), refuses(http.StatusNotFound, noThread)},
		},
		{
			Route: "POST /threads/:thread_id/history", ID: "searchThreadHistory", Does: "Search a thread's states, the newest first",
			Body:    takes[wire.HistorySearch]("What to look for."),
			Answers: []Answer{gives("The states.", selection[wire.ThreadState]()), refuses(http.StatusNotFound, noThread)},
		},
	}
}

// modes are the stream modes of a run.
func modes() *jsonschema.Schema { return words() }
