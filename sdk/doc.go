// Package sdk is the Go client of a Locutory server, or of any server that speaks the same wire: assistants,
// threads and runs, typed, over net/http.
//
// Streams are iterators. A connection that breaks is resumed where it was cut, without gaps and repeats, for the
// server names the place in its Location header; a stream that ends without an error says that the run has ended.
// Breaking out of the loop closes the stream and leaves the run alone.
//
//	client, err := sdk.New(sdk.Config{URL: "http://127.0.0.1:2024", Token: "user1-token"})
//	...
//	thread, err := client.Threads.Create(ctx, sdk.ThreadCreate{})
//	...
//	for event, err := range client.Runs.Stream(ctx, thread.ThreadID, "agent", sdk.RunCreate{
//		Input:      sdk.Messages(sdk.Human("Hello.")),
//		StreamMode: []sdk.StreamMode{sdk.StreamMessages},
//	}) {
//		if err != nil {
//			return err
//		}
//		if token, ok := event.Token(); ok {
//			fmt.Print(token)
//		}
//	}
//
// Each method names its route. A refused call is an [*Error] with the HTTP status: 401 for credentials that nobody has, 403 for what the
// server's rules forbid, 404 for what is not there or is somebody else's, which are not to be told apart, 409 for what the present
// state does not permit, 422 for what the server does not take, by name, and 503 for what may be tried again; a run that failed is a [*RunError] with the class name.
// The package refuses to send credentials to another origin than Config.URL, be it by redirect or by Location,
// and to repeat a call that may have changed something. It imports the standard library and platform/wire.
package sdk
