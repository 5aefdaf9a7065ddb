package openapi

import (
	"net/http"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/locutory/locutory/platform/wire"
)

func storeOperations() []Operation {
	return []Operation{
		{
			Route: "PUT /store/items", ID: "putItem", Does: "Put an item into the store",
			Note:    "One that is there is replaced as a whole.",
			Body:    takes[wire.ItemPut]("The item.").needed(),
			Answers: []Answer{nothing(http.StatusNoContent, "It is there.")},
		},
		{
			Route: "GET /store/items", ID: "getItem", Does: "Get an item of the store", Silent: true,
			Parameters: []Parameter{
				{Name: "key", In: "query", Says: "The item's key.", Required: true, Schema: text()},
				query("namespace", "The labels of its namespace: joined by periods, or one each.", words()),
				flag("refresh_ttl", "Whether its life begins anew; the server's setting when absent."),
			},
			Answers: []Answer{
				gives("The item; null when it is not there.", &jsonschema.Schema{AnyOf: []*jsonschema.Schema{of[wire.Item](), {Type: "null"}}}),
				refuses(http.StatusUnprocessableEntity, "The query does not name an item."),
			},
		},
		{
			Route: "DELETE /store/items", ID: "deleteItem", Does: "Delete an item of the store", Silent: true,
			Body:    takes[wire.ItemDelete]("Which item.").needed(),
			Answers: []Answer{nothing(http.StatusNoContent, "It is not there.")},
		},
		{
			Route: "POST /store/items/search", ID: "searchItems", Does: "Search items of the store",
			Note:    "The filter compares keys of the values, or has operators for them: $eq, $ne, $gt, $gte, $lt, $lte.",
			Body:    takes[wire.ItemSearch]("What to look for."),
			Answers: []Answer{gives("A page of items.", of[wire.ItemPage]())},
		},
		{
			Route: "POST /store/namespaces", ID: "listNamespaces", Does: "List namespaces of the store",
			Note:    "The label * stands for any.",
			Body:    takes[wire.NamespaceSearch]("What to look for."),
			Answers: []Answer{gives("A page of namespaces.", of[wire.NamespacePage]())},
		},
	}
}
