// Package langchaingo lets graphs use what langchaingo has: its models, tools, chains and agents.
//
// [Model] makes a graphs.ChatModel of any llms.Model. It takes nothing on trust that a stream tells: an answer that was
// cancelled, cut or garbled is an error, never a shorter message. [OpenAI] is a model of our own for servers that speak
// OpenAI's chat completions; langchaingo's client loses which piece of a tool call belongs to which call, and this one
// does not. It is an llms.Model like any other, so chains and agents can use it too. [NewStructured] asks any model for a Go value.
//
// [ModelFromEnv] is what most programs need:
//
//	model, err := langchaingo.ModelFromEnv() // OPENAI_API_KEY | OPENAI_BASE_URL | ANTHROPIC_API_KEY | OLLAMA_HOST
//	if err != nil {
//		return nil, err
//	}
//	return prebuilt.NewReactAgent(model).Compile()
//
// [Tool] is a tool for models, and [Chain], [ChainWithHistory] and [Agent] are nodes of a graph. What a chain or an agent remembers
// is the thread's state: memories that live in the process would be shared by all users, and are refused.
//
// The package does not retry: a node does, with graphs.Retry, where the whole step can be repeated.
package langchaingo
