//! The description of the API (OpenAPI 3.1), from the table of endpoints and the types of their bodies.

use super::{Endpoint, endpoints};
use crate::door::guard::Need;
use crate::refusal::Page;
use axum::response::IntoResponse as _;
use domain::rights::Level;
use serde_json::{Map, Value, json};

fn needs(need: Need) -> String {
    match need {
        Need::Nobody => "Open to everybody.".to_owned(),
        Need::SignedIn => "Needs a session or a token.".to_owned(),
        Need::Right(menu, level) => {
            let level = if level == Level::Edit { "更新" } else { "参照" };
            format!("Needs {}: {level} ({}).", menu.label_ja(), menu.as_str())
        }
    }
}

/// `/api/v1/orders/{order}/parcels` by POST → `post_orders_order_parcels`.
fn operation_id(endpoint: &Endpoint) -> String {
    let path = endpoint.route.path.trim_start_matches("/api/v1/");
    let part = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let path: String = path.chars().filter(|c| !matches!(c, '{' | '}')).map(part).collect();
    format!("{}_{path}", endpoint.route.method.to_ascii_lowercase())
}

fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let of_path = endpoint.route.path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}'));
    let text = json!({ "type": "string" });
    let mut all: Vec<Value> =
        of_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": text })).collect();
    all.extend(endpoint.query.iter().map(|name| json!({ "name": name, "in": "query", "schema": text })));
    if endpoint.route.method != "GET" {
        let description = "The same key gets the same answer, and the work is done once. Kept for two days.";
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$" });
        all.push(json!({ "name": "Idempotency-Key", "in": "header", "schema": schema, "description": description }));
    }
    all
}

fn operation(endpoint: &Endpoint) -> Value {
    let answer = |description: &str, schema: Value| json!({ "description": description, "content": { "application/json": { "schema": schema } } });
    let mut responses = Map::new();
    let object = json!({ "type": "object" });
    responses.insert("200".to_owned(), answer("Done", object.clone()));
    if endpoint.route.method != "GET" {
        responses.insert("202".to_owned(), answer("Begun; follow it under requests", object));
    }
    let error = json!({ "$ref": "#/components/schemas/Error" });
    responses.insert("default".to_owned(), answer("Refused: why, and what to do", error));
    let mut operation = json!({
        "operationId": operation_id(endpoint),
        "summary": endpoint.summary,
        "description": needs(endpoint.route.need),
        "parameters": parameters(endpoint),
        "responses": responses,
    });
    if let (Some(schema), Some(map)) = (&endpoint.body, operation.as_object_mut()) {
        let content = json!({ "application/json": { "schema": schema } });
        map.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    operation
}

/// The description.
#[must_use]
pub fn spec() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints() {
        let path = paths.entry(endpoint.route.path.to_owned()).or_insert_with(|| json!({}));
        if let Some(map) = path.as_object_mut() {
            map.insert(endpoint.route.method.to_ascii_lowercase(), operation(&endpoint));
        }
    }
    let text = json!({ "type": "string" });
    let maybe = json!({ "type": ["string", "null"] });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Choba 帳場",
            "version": "1",
            "description": "Orders of Japanese online shops. Times without a zone are Japan time. Names are those of the glossary.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "security": [{ "token": [] }],
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": { "Error": {
                "type": "object",
                "required": ["error"],
                "properties": { "error": {
                    "type": "object",
                    "required": ["code", "message", "message_ja", "remedy", "field", "details"],
                    "properties": { "code": text, "message": text, "message_ja": text, "remedy": text,
                        "field": maybe, "details": {} },
                } },
            } },
        },
    })
}

pub(super) async fn show() -> Page {
    Ok(axum::Json(spec()).into_response())
}
