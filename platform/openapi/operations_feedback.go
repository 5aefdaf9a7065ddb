package openapi

import (
	"net/http"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/locutory/locutory/platform/wire"
)

func feedbackOperations() []Operation {
	const link = "The link is the credential: it is one of those that a run with feedback_keys tells. A second use replaces the first."
	anything := &jsonschema.Schema{}
	answers := []Answer{
		gives("It was kept.", &jsonschema.Schema{Type: "object"}), refuses(http.StatusNotFound, "There is no such link, it is too old, or its run is gone."),
		refuses(http.StatusTooManyRequests, "The address sends too much; try again later."),
	}
	return []Operation{
		{
			Route: "GET /threads/:thread_id/runs/:run_id/deliveries", ID: "listDeliveries", Does: "See what became of telling a run's webhook",
			Note:    "None for a run without a webhook, while it goes on, and a week after the delivery has ended.",
			Answers: []Answer{gives("The delivery, if there is one.", listOf(of[wire.Delivery]())), refuses(http.StatusNotFound, noRun)},
		},
		{
			Route: "GET /threads/:thread_id/runs/:run_id/feedback", ID: "listFeedback", Does: "List what was said of a run, the newest first",
			Parameters: []Parameter{query("limit", "At most so many.", integer(1, wire.MaxLimit)), query("offset", "Skip so many.", integer(0, 0))},
			Answers:    []Answer{gives("A page of feedback.", listOf(of[wire.Feedback]()), pagination()...), refuses(http.StatusNotFound, noRun)},
		},
		{
			Route: "POST /feedback/tokens/:token", ID: "giveFeedback", Does: "Say something of a run by a link", Note: link,
			Body: takes[wire.FeedbackCreate]("What to say; all of it may be absent."), Answers: answers,
		},
		{
			Route: "GET /feedback/tokens/:token", ID: "followFeedback", Does: "Say something of a run by following a link", Note: link,
			Parameters: []Parameter{
				query("score", "A number or a boolean.", anything), query("value", "JSON, or text.", anything),
				query("comment", "Text.", text()), query("correction", "An object, or text.", anything),
			},
			Answers: append([]Answer{refuses(http.StatusRequestEntityTooLarge, "The query is larger than the server reads.")}, answers...),
		},
	}
}
