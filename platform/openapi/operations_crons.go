package openapi

import (
	"net/http"

	"github.com/locutory/locutory/platform/wire"
)

func cronOperations() []Operation {
	const none = "There is no such cron."
	cron := func() *Body { return takes[wire.CronCreate]("When, and what to run.").needed() }
	return []Operation{
		{
			Route: "POST /runs/crons", ID: "createCron", Does: "Plan runs, each on a thread of its own",
			Body: cron(),
			Answers: []Answer{
				gives("The cron.", of[wire.Cron]()), refuses(http.StatusNotFound, "There is no such assistant."),
				refuses(http.StatusServiceUnavailable, noGraph),
			},
		},
		{
			Route: "POST /threads/:thread_id/runs/crons", ID: "createThreadCron", Does: "Plan runs on a thread",
			Body: cron(),
			Answers: []Answer{
				gives("The cron.", of[wire.Cron]()), refuses(http.StatusNotFound, noStart), refuses(http.StatusServiceUnavailable, noGraph),
			},
		},
		{
			Route: "POST /runs/crons/search", ID: "searchCrons", Does: "Search crons",
			Body:    takes[wire.CronSearch]("What to look for."),
			Answers: []Answer{gives("A page of crons.", selection[wire.Cron](), pagination()...)},
		},
		{
			Route: "POST /runs/crons/count", ID: "countCrons", Does: "Count crons",
			Body: takes[wire.CronCount]("What to look for."), Answers: []Answer{count("crons")},
		},
		{
			Route: "GET /runs/crons/:cron_id", ID: "getCron", Does: "Get a cron",
			Answers: []Answer{gives("The cron.", of[wire.Cron]()), refuses(http.StatusNotFound, none)},
		},
		{
			Route: "PATCH /runs/crons/:cron_id", ID: "updateCron", Does: "Change a cron",
			Note: "Metadata is merged, all else replaced. A null end_time takes the end away.",
			Body: takes[wire.CronPatch]("The changes."),
			Answers: []Answer{
				gives("The cron as it is now.", of[wire.Cron]()), refuses(http.StatusNotFound, none), refuses(http.StatusServiceUnavailable, noGraph),
			},
		},
		{
			Route: "DELETE /runs/crons/:cron_id", ID: "deleteCron", Does: "Delete a cron",
			Note:    "Its runs stay.",
			Answers: []Answer{nothing(http.StatusNoContent, "It is gone."), refuses(http.StatusNotFound, none)},
		},
	}
}
