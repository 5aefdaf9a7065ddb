package prebuilt

import (
	"context"
	"errors"
	"fmt"

	"github.com/locutory/locutory/graphs"
)

// ErrorPolicy says what becomes of a tool's error: the text is told to the model as a tool message of status error; an error ends
// the node with it. Interrupts and the end of a cancelled run never come here.
type ErrorPolicy func(ctx context.Context, call graphs.ToolCall, err error) (text string, fatal error)

// TellErrors is the policy of who has no other: the model is told every error, so that it can try something else. Arguments that
// do not fit the tool's schema are told with what is wrong.
func TellErrors(_ context.Context, call graphs.ToolCall, err error) (string, error) {
	if errors.Is(err, graphs.ErrToolInput) {
		return fmt.Sprintf("Error: %v. Correct them and call %s again.", err, call.Name), nil
	}
	return "Error: " + err.Error(), nil
}

// PassErrors ends the run with what a tool's error was. Arguments that do not fit are still told to the model, which made them.
func PassErrors(ctx context.Context, call graphs.ToolCall, err error) (string, error) {
	if errors.Is(err, graphs.ErrToolInput) {
		return TellErrors(ctx, call, err)
	}
	return "", err
}

// TellText tells the model nothing of an error but text.
func TellText(text string) ErrorPolicy {
	return func(context.Context, graphs.ToolCall, error) (string, error) { return text, nil }
}
