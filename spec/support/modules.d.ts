declare module 'express-ws-8' {
  import expressWs = require('express-ws');
  export = expressWs;
}
declare module 'express-4' {
  import express = require('express');
  export = express;
}
