package openapi

import (
	"net/http"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/locutory/locutory/platform/wire"
)

const (
	noRun     = "There is no such run."
	noStart   = "There is no such assistant, or no such thread."
	rejected  = "The thread has an unfinished run, and multitask_strategy is reject."
	noGraph   = "The graph does not load, or the server did not get to it in time."
	waits     = "The values at the run's end, __interrupt__ among them when it paused; of a run that failed, __error__; links under __feedback__ if there are feedback_keys. Newlines come before while the run goes on."
	follows   = "Server-sent events: metadata first, then those of the stream modes, feedback at the end if there are feedback_keys, error if it fails. The answer ends when the run does."
	stateless = " The run has no thread of its own that would stay, unless on_completion is keep."
)

// startsOn is what a run on a thread may be refused for, startsFree what one without may.
func startsOn() []Answer {
	return []Answer{
		refuses(http.StatusNotFound, noStart), refuses(http.StatusConflict, rejected), refuses(http.StatusServiceUnavailable, noGraph),
	}
}

func startsFree() []Answer {
	return []Answer{refuses(http.StatusNotFound, "There is no such assistant."), refuses(http.StatusServiceUnavailable, noGraph)}
}

func runOperations() []Operation {
	run := func() *Body { return takes[wire.RunCreate]("What to run.").needed() }
	made, place := has("Content-Location"), has("Location")
	background := gives("The run, as it begins.", of[wire.Run](), made)
	streamed, waited := streams(follows, made, place), gives(waits, values(), made, place)
	modesOf := query("stream_mode", "Which of the run's events; those that it was made with when absent.", modes())
	resume := lastEventID("Go on after this id; -1 is the beginning, as is none.")
	on, free := startsOn(), startsFree()
	return []Operation{
		{
			Route: "POST /threads/:thread_id/runs", ID: "createRun", Does: "Start a run in the background",
			Body: run(), Answers: append([]Answer{background}, on...),
		},
		{
			Route: "POST /threads/:thread_id/runs/stream", ID: "streamRun", Does: "Start a run and follow it",
			Body: run(), Answers: append([]Answer{streamed}, on...),
		},
		{
			Route: "POST /threads/:thread_id/runs/wait", ID: "waitRun", Does: "Start a run and wait for its end",
			Body: run(), Answers: append([]Answer{waited}, on...),
		},
		{
			Route: "GET /threads/:thread_id/runs", ID: "listRuns", Does: "List a thread's runs, the newest first",
			Parameters: []Parameter{
				query("limit", "At most so many.", integer(1, wire.MaxLimit)), query("offset", "Skip so many.", integer(0, 0)),
				query("status", "Only those that stand so.", enum(wire.Values[wire.RunStatus]())), query("select", "Only these fields of each.", words()),
				query("metadata", "Only those whose metadata contains this object, which is JSON text.", text()),
			},
			Answers: []Answer{gives("A page of runs.", selection[wire.Run](), pagination()...), refuses(http.StatusNotFound, noThread)},
		},
		{
			Route: "GET /threads/:thread_id/runs/:run_id", ID: "getRun", Does: "Get a run",
			Answers: []Answer{gives("The run.", of[wire.Run]()), refuses(http.StatusNotFound, noRun)},
		},
		{
			Route: "DELETE /threads/:thread_id/runs/:run_id", ID: "deleteRun", Does: "Delete a run with its states",
			Answers: []Answer{nothing(http.StatusNoContent, "It is gone."), refuses(http.StatusNotFound, noRun)},
		},
		{
			Route: "GET /threads/:thread_id/runs/:run_id/join", ID: "joinRun", Does: "Wait for a run's end",
			Parameters: []Parameter{cancelOnDisconnect()},
			Answers:    []Answer{waited, refuses(http.StatusNotFound, noRun)},
		},
		{
			Route: "GET /threads/:thread_id/runs/:run_id/stream", ID: "joinRunStream", Does: "Follow a run",
			Parameters: []Parameter{modesOf, resume, cancelOnDisconnect()},
			Answers:    []Answer{streamed, refuses(http.StatusNotFound, noRun)},
		},
		{
			Route: "POST /threads/:thread_id/runs/:run_id/cancel", ID: "cancelRun", Does: "Cancel a run",
			Parameters: []Parameter{action(), flag("wait", "Answer when it has ended.")},
			Answers: []Answer{
				nothing(http.StatusAccepted, "It will end."), nothing(http.StatusNoContent, "It has ended.", place), refuses(http.StatusNotFound, noRun),
			},
		},
		{
			Route: "POST /runs", ID: "createStatelessRun", Does: "Start a run without a thread in the background", Note: stateless[1:],
			Body: run(), Answers: append([]Answer{background}, free...),
		},
		{
			Route: "POST /runs/stream", ID: "streamStatelessRun", Does: "Start a run without a thread and follow it", Note: stateless[1:],
			Body: run(), Answers: append([]Answer{streamed}, free...),
		},
		{
			Route: "POST /runs/wait", ID: "waitStatelessRun", Does: "Start a run without a thread and wait for its end", Note: stateless[1:],
			Body: run(), Answers: append([]Answer{waited}, free...),
		},
		{
			Route: "POST /runs/batch", ID: "createRunBatch", Does: "Start runs without threads in the background",
			Note: "All of them or none.",
			Body: takes[wire.RunBatch]("What to run.").needed(),
			Answers: append([]Answer{gives("The runs, in the order of the request.", &jsonschema.Schema{
				Type: "array", Items: of[wire.Run](), MinItems: ptr(1),
			})}, free...),
		},
		{
			Route: "POST /runs/cancel", ID: "cancelRuns", Does: "Cancel several runs",
			Note:       "The named ones of a thread, all or none; or all of a status that the caller may cancel.",
			Parameters: []Parameter{action()},
			Body:       takes[wire.BulkCancel]("Which runs.").needed(),
			Answers:    []Answer{nothing(http.StatusNoContent, "They will end."), refuses(http.StatusNotFound, "One of the runs is not there, or none is.")},
		},
		{
			Route: "GET /runs/:run_id/stream", ID: "joinStatelessRunStream", Does: "Follow a run, of which the thread is not known",
			Parameters: []Parameter{modesOf, resume, cancelOnDisconnect()},
			Answers:    []Answer{streamed, refuses(http.StatusNotFound, noRun)},
		},
		{
			Route: "GET /runs/:run_id/join", ID: "joinStatelessRun", Does: "Wait for the end of a run, of which the thread is not known",
			Parameters: []Parameter{cancelOnDisconnect()},
			Answers:    []Answer{waited, refuses(http.StatusNotFound, noRun)},
		},
	}
}
