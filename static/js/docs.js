// Shows the OpenAPI document with Swagger UI.
const place = document.querySelector("#api");
const answer = await fetch(place.dataset.document);
SwaggerUIBundle({
  spec: { ...(await answer.json()), openapi: "3.0.3" }, // told that it is 3.1, this one would not even try
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
});
