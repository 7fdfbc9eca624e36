// Command health says what GitOps tools take an object for: by the rules of kstatus, as Flux and kpt use them, or by a
// health check of Argo CD, run as Argo CD runs it.
//
//	health kstatus       < OBJECT-IN-JSON
//	health argocd SCRIPT < OBJECT-IN-JSON
//
// It prints the status, a tab and the message.
package main

import (
	"fmt"
	"io"
	"os"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

func main() {
	verdict, message, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%s\t%s\n", verdict, message)
}

func run(arguments []string) (string, string, error) {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return "", "", err
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(input); err != nil {
		return "", "", err
	}
	switch {
	case len(arguments) == 1 && arguments[0] == "kstatus":
		result, err := status.Compute(object)
		if err != nil {
			return "", "", err
		}
		return result.Status.String(), result.Message, nil
	case len(arguments) == 2 && arguments[0] == "argocd":
		script, err := os.ReadFile(arguments[1])
		if err != nil {
			return "", "", err
		}
		return argocd(object, string(script))
	default:
		return "", "", fmt.Errorf("usage: health kstatus, or health argocd SCRIPT")
	}
}

// argocd runs a script with the libraries that Argo CD gives to one of argocd-cm: no strings, no files.
func argocd(object *unstructured.Unstructured, script string) (string, string, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}} {
		call := lua.P{Fn: state.NewFunction(library.open), Protect: true}
		if err := state.CallByParam(call, lua.LString(library.name)); err != nil {
			return "", "", err
		}
	}
	state.SetGlobal("obj", value(state, object.Object))
	if err := state.DoString(script); err != nil {
		return "", "", err
	}
	health, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return "", "", fmt.Errorf("the script returned no table")
	}
	return lua.LVAsString(health.RawGetString("status")), lua.LVAsString(health.RawGetString("message")), nil
}

func value(state *lua.LState, from any) lua.LValue {
	switch v := from.(type) {
	case string:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case []any:
		table := state.NewTable()
		for _, item := range v {
			table.Append(value(state, item))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, item := range v {
			table.RawSetString(key, value(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}
