// Shows the OpenAPI document with Swagger UI.
const place = document.querySelector('#api');
SwaggerUIBundle({ url: place.dataset.document, domNode: place, deepLinking: true, docExpansion: 'list' });
