// An application that signs its people in with go-oidc and golang.org/x/oauth2. It serves the test beside it: one JSON request a line on
// standard input, one JSON answer a line on standard output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

type object map[string]any

type application struct {
	ctx      context.Context
	provider *oidc.Provider
	config   oauth2.Config
	verifier string
	state    string
	nonce    string
	token    *oauth2.Token
}

// refused is a refusal that came with the browser, which the library leaves to the application.
type refused struct{ code string }

func (r refused) Error() string { return r.code }

func open(ctx context.Context) (*application, error) {
	provider, err := oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	if err != nil {
		return nil, err
	}
	return &application{
		ctx:      ctx,
		provider: provider,
		config: oauth2.Config{
			ClientID:     os.Getenv("CLIENT_ID"),
			ClientSecret: os.Getenv("CLIENT_SECRET"),
			RedirectURL:  os.Getenv("REDIRECT_URI"),
			Endpoint:     provider.Endpoint(),
			Scopes:       strings.Fields(os.Getenv("SCOPE")),
		},
	}, nil
}

func (a *application) begin(prompt string) (object, error) {
	a.verifier, a.state, a.nonce = oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.verifier), oidc.Nonce(a.nonce)}
	if prompt != "" {
		options = append(options, oauth2.SetAuthURLParam("prompt", prompt))
	}
	return object{"url": a.config.AuthCodeURL(a.state, options...)}, nil
}

func (a *application) finish(callback string) (object, error) {
	address, err := url.Parse(callback)
	if err != nil {
		return nil, err
	}
	query := address.Query()
	if query.Get("state") != a.state {
		return nil, errors.New("another state")
	}
	if code := query.Get("error"); code != "" {
		return nil, refused{code}
	}
	a.token, err = a.config.Exchange(a.ctx, query.Get("code"), oauth2.VerifierOption(a.verifier))
	if err != nil {
		return nil, err
	}
	answer, err := a.told(a.nonce)
	if err != nil {
		return nil, err
	}
	info, err := a.provider.UserInfo(a.ctx, oauth2.StaticTokenSource(a.token))
	if err != nil {
		return nil, err
	}
	userinfo := object{}
	answer["userinfo"] = userinfo
	return answer, info.Claims(&userinfo)
}

func (a *application) told(nonce string) (object, error) {
	raw, _ := a.token.Extra("id_token").(string)
	verifier := a.provider.Verifier(&oidc.Config{ClientID: a.config.ClientID})
	token, err := verifier.Verify(a.ctx, raw)
	if err != nil {
		return nil, err
	}
	if nonce != "" && token.Nonce != nonce {
		return nil, errors.New("another nonce")
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(a.token.AccessToken); err != nil {
			return nil, err
		}
	}
	claims := object{}
	if err := token.Claims(&claims); err != nil {
		return nil, err
	}
	return object{"claims": claims, "scope": a.token.Extra("scope")}, nil
}

func (a *application) refresh() (object, error) {
	// As if its hour were over: the library then refreshes before it is used.
	old := *a.token
	old.Expiry = time.Now().Add(-time.Second)
	token, err := a.config.TokenSource(a.ctx, &old).Token()
	if err != nil {
		return nil, err
	}
	a.token = token
	return a.told("")
}

func (a *application) signOut() (object, error) {
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := a.provider.Claims(&metadata); err != nil {
		return nil, err
	}
	hint, _ := a.token.Extra("id_token").(string)
	query := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {os.Getenv("LOGGED_OUT_URI")}}
	return object{"url": metadata.EndSession + "?" + query.Encode()}, nil
}

func (a *application) answer(request map[string]string) object {
	var answer object
	var err error
	switch request["do"] {
	case "begin":
		answer, err = a.begin(request["prompt"])
	case "finish":
		answer, err = a.finish(request["url"])
	case "refresh":
		answer, err = a.refresh()
	case "signOut":
		answer, err = a.signOut()
	default:
		err = errors.New("no such request")
	}
	if err == nil {
		return answer
	}
	var retrieval *oauth2.RetrieveError
	var refusal refused
	code := "error"
	if errors.As(err, &retrieval) {
		code = retrieval.ErrorCode
	} else if errors.As(err, &refusal) {
		code = refusal.code
	}
	return object{"error": code, "message": err.Error()}
}

func main() {
	client, err := open(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		request := map[string]string{}
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(client.answer(request)); err != nil {
			os.Exit(1)
		}
	}
}
